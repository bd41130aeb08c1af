"""Clients of the HTTP API, and the responses that they got."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from deploy.local import LocalRegions
from tests.http_client import http_client
from tests.keys import Keys, issue_keys

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
ORGANIZATIONS = tuple(f"af5fbd30-7ce7-4548-8b30-{number:012d}" for number in range(20))
"""Enough organizations that none reaches its maximum of webhooks."""

WEBHOOKS = "/organizations/webhooks"
OPERATION = "SlashID-Operation-ID"
NO_RESPONSE = 0

_number = itertools.count()
_owners: dict[str, str] = {}
"""Webhook -> the organization that registered it."""


@dataclass(frozen=True)
class Told:
    """The response to one attempt to register a webhook. Status `NO_RESPONSE`: the connection broke."""

    target_url: str
    status: int
    body: dict[str, Any]
    seconds: float
    organization: str = ""
    operation: str = ""

    @property
    def webhook_id(self) -> str:
        """The id in a 201."""
        return str(self.body["result"]["id"])

    @property
    def state(self) -> str:
        """The `state` in a 408."""
        return str(self.body["meta"]["consistency"]["state"])


class Caller:
    """A client with a connection to one service."""

    def __init__(self, client: httpx.AsyncClient, keys: Keys) -> None:
        self.client = client
        self.keys = keys

    def headers(self, organization: str = ORGANIZATION, **others: str) -> dict[str, str]:
        """The headers of every request for `organization`, and `others` with `_` for `-`."""
        named = {f"SlashID-{name.replace('_', '-')}": value for name, value in others.items()}
        return {"SlashID-OrgID": organization, "SlashID-API-Key": self.keys[organization], **named}

    async def register(self, *, level: str = "local_region", timeout_seconds: int = 30, organization: str = "") -> Told:
        """Register a webhook with an unused `target_url`, for one of many organizations."""
        number = next(_number)
        target_url = f"https://hooks.example.com/{number}"
        organization = organization or ORGANIZATIONS[number % len(ORGANIZATIONS)]
        loop = asyncio.get_running_loop()
        begin = loop.time()
        try:
            answer = await self.client.post(
                WEBHOOKS,
                json={"name": "a webhook", "target_url": target_url},
                headers=self.headers(
                    organization, Required_Consistency=level, Required_Consistency_Timeout=str(timeout_seconds)
                ),
            )
        except httpx.TransportError:
            return Told(target_url, NO_RESPONSE, {}, loop.time() - begin)
        told = Told(
            target_url,
            answer.status_code,
            answer.json(),
            loop.time() - begin,
            organization,
            operation=answer.headers.get(OPERATION, ""),
        )
        if told.status == 201:
            _owners[told.webhook_id] = organization
        return told

    async def trigger(self, webhook_id: str, *, level: str = "local_region", name: str = "PersonCreated_v1") -> int:
        """Create a trigger. Returns the status."""
        answer = await self.client.post(
            f"{WEBHOOKS}/{webhook_id}/triggers",
            json={"trigger_type": "event", "trigger_name": name},
            headers=self.headers(_owners[webhook_id], Required_Consistency=level),
        )
        return answer.status_code

    async def read_status(self, webhook_id: str) -> int:
        """The status of reading a webhook."""
        try:
            return (await self._read(webhook_id)).status_code
        except httpx.TransportError:
            return NO_RESPONSE

    async def why_not_shown(self, webhook_id: str) -> str:
        """The response to reading a webhook if it does not show it, else `""`."""
        answer = await self._read(webhook_id)
        return "" if answer.status_code == 200 else f"{answer.status_code}: {answer.text}"

    async def _read(self, webhook_id: str) -> httpx.Response:
        return await self.client.get(f"{WEBHOOKS}/{webhook_id}", headers=self.headers(_owners[webhook_id]))

    async def ready_or_none(self) -> dict[str, Any] | None:
        """The response of `/readyz`, if a service answers."""
        try:
            return await self.ready()
        except httpx.TransportError:
            return None

    async def ready(self) -> dict[str, Any]:
        """The body of `/readyz`."""
        answer: dict[str, Any] = (await self.client.get("/readyz")).json()
        return answer


@asynccontextmanager
async def calling(url: str, keys: Keys | None = None) -> AsyncIterator[Caller]:
    """A caller of the process at `url`. A service requires `keys`."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
    own = {} if keys is None else {"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": keys[ORGANIZATION]}
    async with http_client(url, headers=own, timeout=150, limits=limits) as client:
        yield Caller(client, keys or {})


async def burst(
    url: str, keys: Keys, count: int, *, timeout_seconds: int, meanwhile: Coroutine[Any, Any, None]
) -> list[Told]:
    """Register `count` webhooks at the same moment, on as many connections, and run `meanwhile` beside that."""
    host, port = url.removeprefix("http://").split(":")
    streams = [await asyncio.open_connection(host, int(port)) for _ in range(count)]
    numbers = [next(_number) for _ in streams]
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for (_, writer), number in zip(streams, numbers, strict=True):
        organization = ORGANIZATIONS[number % len(ORGANIZATIONS)]
        body = msgspec.json.encode({"name": "a webhook", "target_url": f"https://hooks.example.com/{number}"})
        writer.write(
            f"POST {WEBHOOKS} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nSlashID-OrgID: {organization}\r\n"
            f"SlashID-API-Key: {keys[organization]}\r\n"
            f"SlashID-Required-Consistency-Timeout: {timeout_seconds}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
    disturbing = asyncio.create_task(meanwhile)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> Told:
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        seconds = loop.time() - begin
        writer.close()
        status, *lines = head.decode().splitlines()
        headers = httpx.Headers([(name, value) for name, _, value in (line.partition(": ") for line in lines)])
        return Told(
            f"https://hooks.example.com/{number}",
            int(status.split(" ", 2)[1]),
            msgspec.json.decode(body),
            seconds,
            ORGANIZATIONS[number % len(ORGANIZATIONS)],
            operation=headers.get(OPERATION, ""),
        )

    told = await asyncio.gather(
        *(answer(reader, writer, number) for (reader, writer), number in zip(streams, numbers, strict=True))
    )
    await disturbing
    return told


@dataclass
class Load:
    """Callers that register webhooks one after the other until they are stopped, and their responses."""

    told: list[Told] = field(default_factory=list)
    is_over: bool = False

    def of(self, status: int) -> list[Told]:
        """The responses with `status`."""
        return [told for told in self.told if told.status == status]

    async def call(self, caller: Caller, *, level: str, timeout_seconds: int, pause_seconds: float) -> None:
        """One caller's work."""
        while not self.is_over:
            self.told.append(await caller.register(level=level, timeout_seconds=timeout_seconds))
            await asyncio.sleep(pause_seconds * random.random())


@asynccontextmanager
async def under_load(
    callers: Sequence[Caller],
    *,
    each: int = 4,
    level: str = "local_region",
    timeout_seconds: int = 20,
    pause_seconds: float = 0.02,
) -> AsyncIterator[Load]:
    """A load by `each` callers on each of `callers`' services. At the end each has its last response."""
    load = Load()
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            for _ in range(each):
                group.create_task(
                    load.call(caller, level=level, timeout_seconds=timeout_seconds, pause_seconds=pause_seconds)
                )
        try:
            yield load
        finally:
            load.is_over = True


async def accepted(caller: Caller, *, level: str, timeout_seconds: int, told: list[Told]) -> float:
    """The seconds until a write is accepted that is repeated after each refusal."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    while True:
        told.append(await caller.register(level=level, timeout_seconds=timeout_seconds))
        if told[-1].status == 201:
            return loop.time() - begin
        await asyncio.sleep(0.05)


async def stored(caller: Caller) -> Told:
    """A new webhook that every region has.

    What `/readyz` returns is a moment old. A region whose servers were just started again may refuse a write after it.
    """
    told: list[Told] = []
    async with asyncio.timeout(40):
        await accepted(caller, level="all_regions", timeout_seconds=30, told=told)
    return told[-1]


async def fate(caller: Caller, operation: str, organization: str = ORGANIZATION) -> dict[str, Any]:
    """The state of an operation."""
    answer = await caller.client.get(f"/operations/{operation}", headers=caller.headers(organization))
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["result"]
    return result


async def until(holds: Callable[[], bool], *, within_seconds: float = 30) -> float:
    """Return once `holds`, with the seconds that it took."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with asyncio.timeout(within_seconds):
        while not holds():
            await asyncio.sleep(0.01)
    return loop.time() - begin


@asynccontextmanager
async def calling_all(demo: LocalRegions) -> AsyncIterator[dict[str, Caller]]:
    """A caller of the first service of every region, with keys that every region knows."""
    keys = await keys_of(demo)
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(calling(region.http_url, keys))
            for name, region in demo.regions.items()
        }


async def keys_of(demo: LocalRegions) -> Keys:
    """A new key for each organization."""
    first = next(iter(demo.regions.values()))
    return await issue_keys(first.http_url, demo.admin_key, {ORGANIZATION, *ORGANIZATIONS})
