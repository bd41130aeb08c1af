"""Write in three regions of the version that is checked out, stop them, and keep what they stored in a file."""

import asyncio
import base64
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import nats
from redis.asyncio import Redis

from deploy.local import LocalRegion, LocalRegions, local_regions
from tests.e2e.evidence import hash_at
from tests.http_client import http_client
from tests.keys import admin_headers, issue_keys
from tests.stored.layout import ORGANIZATION, KeyedWrite, Stored, StoredKey, StoredMessage, StoredRegion, write

WEBHOOKS = "/organizations/webhooks"
API_KEYS = f"/admin/organizations/{ORGANIZATION}/keys"
EVERYWHERE = {"SlashID-Required-Consistency": "all_regions"}
TOGETHER = 4
"""So many writes at once share batches."""

OWN = ("projection", "retries:")
"""How the keys begin that regions do not share."""


class Writer:
    """A client in one region that makes every kind of write, with and without an idempotency key."""

    def __init__(self, region: str, client: httpx.AsyncClient, admin_key: str) -> None:
        self._region = region
        self._client = client
        self._admin_key = admin_key
        self._number = itertools.count(1)
        self.keyed: list[KeyedWrite] = []

    async def plain(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """A write without an idempotency key. Returns the body's result."""
        return _result(await self._send(method, path, body, {}))

    async def with_key(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """A write with an idempotency key of its own, which is kept. Returns the body's result."""
        key = f"{self._region}-{next(self._number)}"
        answer = await self._send(method, path, body, {"Idempotency-Key": key})
        result = _result(answer)
        if result is not None:
            result.pop("key", None)
        self.keyed.append(
            KeyedWrite(
                region=self._region,
                method=method,
                path=path,
                idempotency_key=key,
                status=answer.status_code,
                operation_id=answer.headers["SlashID-Operation-ID"],
                body=body,
                etag=answer.headers.get("ETag"),
                result=result,
            )
        )
        return result

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> httpx.Response:
        shown = admin_headers(self._admin_key) if path.startswith("/admin/") else {}
        answer = await self._client.request(method, path, json=body, headers={**EVERYWHERE, **shown, **headers})
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    async def every_kind(self) -> None:
        """Each event that there is, and several at once."""
        where = f"https://{self._region}.example.com"
        kept = await self.with_key("POST", WEBHOOKS, {"name": "kept", "target_url": f"{where}/kept"})
        kept_path = f"{WEBHOOKS}/{kept['id']}"
        await self.with_key("PATCH", kept_path, {"description": "changed", "custom_headers": {"X-A": ["1", "é"]}})
        await self.plain("PATCH", kept_path, {"name": "renamed", "timeout": "5s"})
        trigger = {"trigger_type": "event", "trigger_name": "PersonCreated_v1"}
        await self.with_key("POST", f"{kept_path}/triggers", trigger)
        await self.plain("POST", f"{kept_path}/triggers", {**trigger, "trigger_name": "PersonDeleted_v1"})
        await self.with_key("DELETE", f"{kept_path}/triggers?{urlencode(trigger)}")
        gone = await self.with_key("POST", WEBHOOKS, {"name": "gone", "target_url": f"{where}/gone"})
        await self.with_key("DELETE", f"{WEBHOOKS}/{gone['id']}")
        other = await self.plain("POST", WEBHOOKS, {"name": "gone too", "target_url": f"{where}/gone-too"})
        await self.plain("DELETE", f"{WEBHOOKS}/{other['id']}")
        issued = await self.with_key("POST", API_KEYS, {"name": f"of {self._region}"})
        await self.with_key("DELETE", f"{API_KEYS}/{issued['id']}")
        together = ({"name": f"{n}", "target_url": f"{where}/together/{n}"} for n in range(TOGETHER))
        await asyncio.gather(
            *(
                self.with_key("POST", WEBHOOKS, body) if n % 2 else self.plain("POST", WEBHOOKS, body)
                for n, body in enumerate(together)
            )
        )


def _result(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    return answer.json().get("result") if answer.content else None


async def write_everywhere(demo: LocalRegions) -> list[KeyedWrite]:
    """Have every region's service take every kind of write. Returns those with a key."""
    first = next(iter(demo.regions.values()))
    keys = await issue_keys(first.http_url, demo.admin_key, [ORGANIZATION])
    own = {"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": keys[ORGANIZATION]}
    keyed: list[KeyedWrite] = []
    for name, region in demo.regions.items():
        async with http_client(region.http_url, headers=own, timeout=60) as client:
            writer = Writer(name, client, demo.admin_key)
            await writer.every_kind()
            keyed += writer.keyed
    return keyed


async def _stream(url: str, origin: str) -> tuple[dict[str, Any], list[StoredMessage]]:
    """A stream's configuration and messages."""
    client = await nats.connect(url)
    try:
        name = f"EVENTS_{origin}"
        info = json.loads((await client.request(f"$JS.API.STREAM.INFO.{name}", b"")).data)
        config = info["config"]
        config["metadata"] = {k: v for k, v in config["metadata"].items() if not k.startswith("_nats.")}
        messages = []
        for sequence in range(1, info["state"]["last_seq"] + 1):
            request = json.dumps({"seq": sequence}).encode()
            answer = json.loads((await client.request(f"$JS.API.STREAM.MSG.GET.{name}", request)).data)
            messages.append(_message(answer["message"]))
        return config, messages
    finally:
        await client.close()


def _message(stored: dict[str, Any]) -> StoredMessage:
    lines = base64.b64decode(stored.get("hdrs", "")).decode().splitlines()[1:]
    named = {name: value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    headers = {name: value for name, value in named.items() if not name.startswith("Nats-")}
    return StoredMessage(stored["subject"], base64.b64decode(stored["data"]).decode(), headers)


async def _redis(url: str) -> dict[str, StoredKey]:
    async with Redis.from_url(url, decode_responses=True) as redis:
        keys = [key async for key in redis.scan_iter(count=1_000)]
        return {key: StoredKey(await hash_at(redis, key), await redis.pttl(key)) for key in sorted(keys)}


async def _streams(region: LocalRegion, logs: dict[str, list[StoredMessage]]) -> dict[str, dict[str, Any]]:
    streams = {}
    for origin, messages in logs.items():
        streams[origin], copied = await _stream(region.log_url(origin), origin)
        assert copied == messages, f"the copy of {origin} in {region.name} differs"
    return streams


def _registers(redis: dict[str, StoredKey]) -> dict[str, dict[str, str]]:
    return {key: stored.fields for key, stored in redis.items() if not key.startswith(OWN)}


def _is_settled(redis: dict[str, StoredKey], logs: dict[str, list[StoredMessage]]) -> bool:
    state = redis["projection"].fields
    return all(state[f"mark:{origin}"].split(" ")[1] == str(len(messages)) for origin, messages in logs.items())


async def capture(demo: LocalRegions, keyed: list[KeyedWrite]) -> Stored:
    """What the regions' servers hold, once no service and no replicator runs any more."""
    for region in demo.regions.values():
        for process in (*region.services, *region.replicators):
            await process.stop()
    at_milliseconds = time.time_ns() // 1_000_000
    logs = {name: (await _stream(region.log_url(name), name))[1] for name, region in demo.regions.items()}
    redis = {name: await _redis(region.redis_url) for name, region in demo.regions.items()}
    assert all(_is_settled(keys, logs) for keys in redis.values()), "not everything is applied everywhere"
    registers = _registers(next(iter(redis.values())))
    assert all(_registers(keys) == registers for keys in redis.values()), "a projection differs"
    regions = {
        name: StoredRegion(
            await _streams(region, logs), {key: one for key, one in redis[name].items() if key.startswith(OWN)}
        )
        for name, region in demo.regions.items()
    }
    git = await asyncio.create_subprocess_exec("git", "rev-parse", "--short", "HEAD", stdout=asyncio.subprocess.PIPE)
    commit, _ = await git.communicate()
    kept = [write for write in keyed if write.operation_id in _known_again(logs)]
    return Stored(commit.decode().strip(), at_milliseconds, logs, registers, regions, kept)


def _known_again(logs: dict[str, list[StoredMessage]]) -> set[str]:
    """The operations whose idempotency key is in a log: format 1 kept none of the administrator's keys."""
    envelopes = (json.loads(message.data) for log in logs.values() for message in log)
    return {envelope["operation_id"] for envelope in envelopes if "retry" in envelope}


async def main(path: Path) -> None:
    """Make the file at `path`."""
    async with local_regions(round_trips=0) as demo:
        write(path, await capture(demo, await write_everywhere(demo)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
