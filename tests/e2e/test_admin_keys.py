"""Several administrators, and the change of an admin key while requests arrive."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from core.events import ApiKeyIssued
from deploy.local import LocalRegions, local_regions
from deploy.local.processes.http_process import HttpProcess
from tests.e2e.evidence import settled
from tests.http_client import http_client
from tests.keys import admin_headers, issue_key

HERE = "us-iowa"
OLD, NEW = "o" * 32, "n" * 32
KEYS = "CROSSHOOK_ADMIN_KEYS"
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
PATH = f"/admin/organizations/{ORGANIZATION}/keys"


class Administration:
    """An administrator who lists keys all the time, over the services that a proxy has in rotation."""

    def __init__(self, services: list[HttpProcess]) -> None:
        self.rotation = list(services)
        self.admin_key = OLD
        self.answers: list[int] = []

    async def ask(self) -> None:
        while True:
            service = self.rotation[len(self.answers) % len(self.rotation)]
            async with http_client(service.url) as client:
                answer = await client.get(PATH, headers=admin_headers(self.admin_key))
            self.answers.append(answer.status_code)

    async def is_answered(self) -> None:
        """Return once every service in rotation has answered more requests."""
        enough = len(self.answers) + 2 * len(self.rotation)
        while len(self.answers) < enough:
            await asyncio.sleep(0.01)

    async def restart_each(self, admin_keys: str) -> None:
        """Restart the services one by one, with these admin keys."""
        for service in list(self.rotation):
            self.rotation.remove(service)
            await self.is_answered()
            await service.stop()
            service.settings[KEYS] = admin_keys
            await service.start()
            await service.wait_ready()
            self.rotation.append(service)
            await self.is_answered()


@asynccontextmanager
async def administered(demo: LocalRegions) -> AsyncIterator[Administration]:
    services = demo.region(HERE).services
    administration = Administration(services)
    asking = asyncio.create_task(administration.ask())
    try:
        yield administration
    finally:
        asking.cancel()


@pytest.mark.long
async def test_an_admin_key_is_changed_without_a_refused_request() -> None:
    settings = {"CROSSHOOK_ADMIN_KEY": "", KEYS: f"ops-1 {OLD}"}
    async with local_regions(regions=1, services=2, settings=settings) as demo:
        async with asyncio.timeout(60), administered(demo) as administration:
            await administration.is_answered()
            await administration.restart_each(f"ops-1 {OLD}\nops-2 {NEW}")
            administration.admin_key = NEW
            await administration.is_answered()
            await administration.restart_each(f"ops-2 {NEW}")
            assert set(administration.answers) == {200}
        async with http_client(demo.region(HERE).http_url) as client:
            assert (await client.get(PATH, headers=admin_headers(OLD))).status_code == 401


async def test_each_event_of_an_administrator_has_its_id() -> None:
    settings = {KEYS: f"alice {OLD}\nnight-shift {NEW}"}
    async with local_regions(regions=1, settings=settings) as demo:
        async with http_client(demo.region(HERE).http_url) as client:
            for admin_key in (OLD, NEW, demo.admin_key):
                await issue_key(client, admin_key, str(uuid.uuid4()), level="local_region")
        issued = [logged.envelope for logged in (await settled(demo)).events(HERE)]
        assert all(isinstance(envelope.event, ApiKeyIssued) for envelope in issued)
        assert [envelope.author for envelope in issued] == ["admin:alice", "admin:night-shift", "admin"]


async def test_a_request_repeated_with_another_admin_key_is_recognized() -> None:
    settings = {KEYS: f"ops-1 {OLD}\nops-2 {NEW}"}
    async with (
        local_regions(regions=1, settings=settings) as demo,
        http_client(demo.region(HERE).http_url) as client,
    ):
        once = {"Idempotency-Key": "once"}
        statuses = [
            (await client.post(PATH, json={}, headers={**admin_headers(admin_key), **once})).status_code
            for admin_key in (OLD, NEW)
        ]
        assert statuses == [201, 409]
