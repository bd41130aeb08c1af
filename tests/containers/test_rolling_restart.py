"""A client that repeats requests with their keys does not notice a rolling restart of every process."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from core.positions import Region
from tests.containers.composed import REGIONS, REPLICATORS, SERVICES, Composed
from tests.containers.ways_in import WaysIn
from tests.e2e.callers import ORGANIZATIONS, WEBHOOKS
from tests.e2e.evidence import check, settled
from tests.http_client import http_client
from tests.keys import Keys

pytestmark = [pytest.mark.containers, pytest.mark.asyncio(loop_scope="module")]

CREATES = 100
PAUSE_SECONDS = 0.1
PATIENCE_SECONDS = 60.0
TO_BE_REPEATED = {408, 429, 503}
"""The statuses that a client repeats, as the README's client does."""


@dataclass
class Customer:
    """A client with webhooks in one region that repeats each request with its key until it gets 201."""

    region: Region
    organization: str
    clients: list[httpx.AsyncClient]
    created: list[str] = field(default_factory=list)
    told: Counter[int | str] = field(default_factory=Counter)

    async def create_until(self, is_over: asyncio.Event) -> None:
        """Create one webhook after the other, in all regions."""
        while not is_over.is_set():
            await self._create(f"https://hooks.example.com/rolling/{self.region}/{len(self.created)}")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _create(self, target_url: str) -> None:
        headers = {
            "Idempotency-Key": str(uuid.uuid4()),
            "SlashID-Required-Consistency": "all_regions",
            "SlashID-Required-Consistency-Timeout": "10",
        }
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await self.clients[0].post(
                        WEBHOOKS, headers=headers, json={"name": "rolling", "target_url": target_url}
                    )
                except httpx.TransportError as error:
                    self.told[type(error).__name__] += 1
                    self.clients.append(self.clients.pop(0))  # The region's other service.
                    await asyncio.sleep(0.1)
                    continue
                self.told[answer.status_code] += 1
                if answer.status_code not in TO_BE_REPEATED:
                    break
                await asyncio.sleep(int(answer.headers.get("Retry-After", "0")))
        assert answer.status_code == 201, answer.text
        assert answer.json()["result"]["target_url"] == target_url
        self.created.append(target_url)

    async def listed(self, url: str) -> Counter[str]:
        """How often the service at `url` shows each of its webhooks."""
        async with http_client(url, headers=self.clients[0].headers) as client:
            answer = await client.get(WEBHOOKS, params={"limit": 1_000})
        assert answer.status_code == 200, answer.text
        urls = (webhook["target_url"] for webhook in answer.json()["result"])
        return Counter(url for url in urls if "/rolling/" in url)


@asynccontextmanager
async def customers_of(composed: Composed, keys: Keys) -> AsyncIterator[list[Customer]]:
    """One customer in each region, each of its own organization."""
    async with AsyncExitStack() as stack:
        customers = []
        for region, organization in zip(REGIONS, ORGANIZATIONS, strict=False):
            headers = {"SlashID-OrgID": organization, "SlashID-API-Key": keys[organization]}
            clients = [
                await stack.enter_async_context(http_client(url, headers=headers, timeout=30))
                for service, url in composed.urls.items()
                if service.startswith(region)
            ]
            customers.append(Customer(region, organization, clients))
        yield customers


async def test_a_hundred_creates_in_all_regions_during_a_rolling_restart_of_every_process_meet_no_error(
    composed: Composed, keys: Keys, inside: WaysIn
) -> None:
    async with customers_of(composed, keys) as customers:
        before = await composed.states()
        is_over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for customer in customers:
                group.create_task(customer.create_until(is_over))
            for region in REGIONS:
                for name in (*REPLICATORS, *SERVICES):
                    if name.startswith(region):
                        await composed.compose("restart", name)
                        await composed.ready([name])
            during = sum(len(customer.created) for customer in customers)
            is_over.set()
        after = await composed.states()
        for name in (*REPLICATORS, *SERVICES):
            assert after[name]["State"]["StartedAt"] > before[name]["State"]["StartedAt"], name
        print(during, {customer.region: dict(customer.told) for customer in customers})
        assert during >= CREATES, "answered before the last process was ready again"
        for customer in customers:
            answers = {told for told in customer.told if isinstance(told, int)}
            assert 201 in answers <= {201} | TO_BE_REPEATED
            assert set(customer.told) - {201}, "it has met a restart, in a region of which both services were restarted"
            once = Counter(dict.fromkeys(customer.created, 1))
            for service, url in composed.urls.items():
                assert await customer.listed(url) == once, service
    evidence = await settled(inside, within_seconds=PATIENCE_SECONDS, connect=inside.connect)
    check(evidence)
    registered = evidence.target_urls()
    assert {registered[url] for customer in customers for url in customer.created} == {1}
