"""An origin log that is not the one that was read before."""

import asyncio
from typing import Any

import msgspec
import nats
import nats.js.errors
import pytest
from redis.asyncio import Redis

from deploy.local import HttpProcess, LocalRegions, local_regions
from tests.e2e.callers import Caller, calling, calling_all, stored
from tests.e2e.evidence import Log, read_log, watermarks
from tests.e2e.set_back import EVENTS_KEPT, EVENTS_LOST, restore, written_past_a_copy

ORIGIN = "us-iowa"
OTHERS = ("europe-belgium", "asia-japan")


@pytest.mark.long
async def test_an_origin_log_set_back_and_appended_to_halts_that_origin_only_and_loudly() -> None:
    async with local_regions(round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(ORIGIN)
        older = await written_past_a_copy(demo, region, callers[ORIGIN])
        before = {name: await read_log(demo.region(name).log_url(ORIGIN), ORIGIN) for name in OTHERS}
        end = len(before[OTHERS[0]])
        assert end == len(callers[ORIGIN].keys) + EVENTS_KEPT + EVENTS_LOST

        # A region that is cut off cannot know that others have other events at these places, and accepts writes.
        await demo.cut(ORIGIN)
        await restore(region, older)
        for process in region.processes:
            await process.wait_ready()
        assert [(await callers[ORIGIN].register()).status for _ in range(8)] == [201] * 8
        await demo.heal(ORIGIN)

        for name in OTHERS:
            assert (await says_halted(callers[name]))["status"] == "degraded"
            assert "halted" in {line["event"] for line in logged(demo.region(name).replicators[0])}
        async with calling(region.replicators[0].url) as replicator:
            await says_halted(replicator)
        assert (await callers[ORIGIN].register(level="all_regions", timeout_seconds=1)).status == 503

        # The other regions continue. The region that lacks events is not counted.
        for name in OTHERS:
            told = await callers[name].register(level="all_regions", timeout_seconds=2)
            assert (told.status, told.body["meta"]["consistency"]["pending"]) == (408, [ORIGIN])
        for name in OTHERS:
            assert await read_log(demo.region(name).log_url(ORIGIN), ORIGIN) == before[name]
            assert (await watermarks(demo.region(name).redis_url))[ORIGIN] == end


def logged(process: HttpProcess) -> list[dict[str, Any]]:
    """The lines of a process's log."""
    return [msgspec.json.decode(line) for line in process.log.read_bytes().splitlines()]


async def says_halted(caller: Caller, reason: str = "forked") -> dict[str, Any]:
    """The reason in `/readyz`, once it reports that the origin is halted."""
    async with asyncio.timeout(20):
        while (ready := await caller.ready_or_none()) is None or not (
            ready["halted"].get(ORIGIN, "").startswith(reason)
        ):
            await asyncio.sleep(0.05)
    return ready


@pytest.mark.long
async def test_a_log_that_went_back_is_said_in_its_own_region_too() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        assert (await callers[ORIGIN].register(level="all_regions")).status == 201
        region = demo.region(ORIGIN)
        await region.nats.stop()
        older = await region.nats.keep_files()
        await region.nats.start()
        await region.nats.wait_ready()
        await demo.wait_ready()
        await stored(callers[ORIGIN])
        for process in region.processes:
            await process.stop()
        await region.nats.put_back_files(older)
        await region.redis.erase_files()
        for process in region.processes:
            await process.start()
        async with calling(region.replicators[0].url) as replicator:
            await says_halted(replicator, "went_back")
        await says_halted(callers[ORIGIN], "went_back")
        assert (await callers[ORIGIN].register()).status == 503


@pytest.mark.long
async def test_a_log_that_vanishes_is_said_everywhere_and_a_copy_that_vanishes_is_filled_again() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        other = demo.region(OTHERS[0])
        told = await callers[ORIGIN].register(level="all_regions")
        before = await read_log(other.log_url(ORIGIN), ORIGIN)
        await lose_log(other.log_url(ORIGIN))
        async with asyncio.timeout(20):
            while await events_in(other.log_url(ORIGIN)) != before:
                await asyncio.sleep(0.05)
        again = await callers[ORIGIN].register(level="all_regions")
        assert again.status == 201
        assert (await callers[OTHERS[0]].ready())["halted"] == {}

        await lose_log(demo.region(ORIGIN).nats_url)
        for region in demo.regions.values():
            async with calling(region.replicators[0].url) as replicator:
                ready = await says_halted(replicator, "lost")
                assert ready["status"] == ("waiting" if region.name == ORIGIN else "degraded")
                assert any(f"the log of {ORIGIN}: " in why for why in ready["waiting_for"]) == (region.name == ORIGIN)
            assert "lost" in {line.get("reason") for line in logged(region.replicators[0])}
        for caller in callers.values():
            assert await caller.read_status(told.webhook_id) == 200
        assert (await callers[ORIGIN].register(timeout_seconds=1)).status == 503


async def lose_log(url: str) -> None:
    client = await nats.connect(url)
    await client.jetstream().delete_stream(f"EVENTS_{ORIGIN}")
    await client.close()


async def events_in(url: str) -> Log:
    try:
        return await read_log(url, ORIGIN)
    except nats.js.errors.NotFoundError:
        return []


@pytest.mark.long
async def test_an_event_that_cannot_be_decoded_halts_its_origin_only() -> None:
    async with local_regions(round_trips=0) as demo, calling_all(demo) as callers:
        first = await callers[ORIGIN].register(level="all_regions")
        assert first.status == 201
        await append_garbage(demo)
        async with asyncio.timeout(20):
            for name in demo.regions:
                while "undecodable" not in (await callers[name].ready())["halted"].get(ORIGIN, ""):
                    await asyncio.sleep(0.05)
        assert (await callers[OTHERS[0]].register(level="all_regions", timeout_seconds=20)).status == 201
        assert (await callers[ORIGIN].register()).status in (408, 503)
        assert await callers[ORIGIN].read_status(first.webhook_id) == 200


@pytest.mark.long
async def test_an_emptied_redis_says_no_404_although_an_origin_is_halted() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        known = [await callers[ORIGIN].register(level="all_regions") for _ in range(20)]
        await append_garbage(demo)
        rebuilt, caller = demo.region(OTHERS[0]), callers[OTHERS[0]]
        await says_halted(caller, "undecodable")
        async with Redis.from_url(rebuilt.redis_url) as redis:
            await redis.flushall()
        seen = [await caller.read_status(known[-1].webhook_id)]
        async with asyncio.timeout(20):
            while seen[-1] != 200:
                seen.append(await caller.read_status(known[-1].webhook_id))
                await asyncio.sleep(0.002)
        assert set(seen) == {200, 503}
        for told in known:
            assert await caller.read_status(told.webhook_id) == 200


async def append_garbage(demo: LocalRegions) -> None:
    """Append bytes to the origin log that no version has written."""
    url = demo.region(ORIGIN).nats_url
    subject = (await read_log(url, ORIGIN))[0].subject
    client = await nats.connect(url)
    await client.jetstream().publish(subject, b'{"operation_id": 5}')
    await client.close()
