"""Processes start in any order, report what they wait for, and stop without losing anything."""

import asyncio

import httpx
import pytest

from core.api_keys import api_key_text
from deploy.local import local_regions
from tests.e2e.callers import ORGANIZATION, Caller, accepted, calling, calling_all, keys_of
from tests.e2e.evidence import check, check_told, settled
from tests.http_client import http_client

HERE = "us-iowa"
NOBODYS = "0190a0b0-0000-7000-8000-000000000000"


@pytest.mark.long
async def test_processes_that_start_before_their_servers_are_alive_report_what_they_wait_for_and_become_ready() -> None:
    async with local_regions(regions=2, round_trips=0) as demo:
        for region in demo.regions.values():
            for process in region.processes:
                await process.stop()
        for region in demo.regions.values():
            for process in (*region.services, *region.replicators):
                await process.start()
        first = demo.region(HERE)
        async with http_client() as client:
            for process in (*first.services, *first.replicators):
                waiting = await waits_for(client, process.url)
                assert any(HERE in reason and "NATS" in reason for reason in waiting)
            refused = await client.get(
                f"{first.http_url}/organizations/webhooks",
                headers={"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": api_key_text(NOBODYS, bytes(32))},
            )
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        await first.redis.start()
        for region in demo.regions.values():
            await region.nats.start()
        await demo.region("europe-belgium").redis.start()
        await demo.wait_ready()
        async with calling(first.http_url, await keys_of(demo)) as caller:
            assert (await caller.register(level="all_regions")).status == 201


async def waits_for(client: httpx.AsyncClient, url: str) -> list[str]:
    """The reasons that a live process reports while it is not ready."""
    async with asyncio.timeout(20):
        while True:
            try:
                live, ready = await client.get(f"{url}/livez"), await client.get(f"{url}/readyz")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            assert (live.status_code, ready.status_code) == (200, 503)
            assert ready.json()["status"] == "waiting"
            reasons: list[str] = ready.json()["waiting_for"]
            return reasons


@pytest.mark.long
async def test_a_stopping_service_answers_its_requests_in_flight_with_what_is_known() -> None:
    async with (
        local_regions(regions=2, round_trips=0, settings={"CROSSHOOK_DRAIN_SECONDS": "1"}) as demo,
        calling_all(demo) as callers,
    ):
        await demo.cut("europe-belgium")
        waiting = [
            asyncio.create_task(callers[HERE].register(level="all_regions", organization=ORGANIZATION))
            for _ in range(20)
        ]
        await all_are_in_the_log(callers[HERE], len(waiting))
        service = demo.region(HERE).services[0]
        await service.stop()
        assert service.return_code == 0
        told = await asyncio.gather(*waiting)
        assert {one.status for one in told} == {408}
        assert max(one.seconds for one in told) < 10
        await service.start()
        await demo.heal("europe-belgium")
        await demo.wait_ready()
        evidence = await settled(demo)
        check(evidence)
        assert check_told(evidence, told) == {"408 committed": len(told)}


async def all_are_in_the_log(caller: Caller, count: int) -> None:
    """Return once the local projection shows `count` webhooks."""
    async with asyncio.timeout(20):
        while True:
            listed = (await caller.client.get("/organizations/webhooks")).json()
            if len(listed.get("result", [])) == count:
                return
            await asyncio.sleep(0.02)


@pytest.mark.long
async def test_redis_and_nats_may_disappear_and_return_without_a_restart_of_the_processes() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(HERE)
        known = await callers[HERE].register(level="all_regions")
        pids = [process.pid for process in (*region.services, *region.replicators)]
        for server in (region.redis, region.nats):
            await server.kill()
            gone = await callers[HERE].register(timeout_seconds=5)
            assert gone.status == 503, gone
            await server.start()
            await server.wait_ready()
            async with asyncio.timeout(20):
                await accepted(callers[HERE], level="all_regions", timeout_seconds=30, told=[])
            assert await callers["europe-belgium"].read_status(known.webhook_id) == 200
        assert [process.pid for process in (*region.services, *region.replicators)] == pids
        check(await settled(demo))
