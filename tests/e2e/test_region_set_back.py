"""A region whose NATS and Redis go back together, as when a snapshot of their machine is restored."""

import asyncio
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from redis.asyncio import Redis

from deploy.local import HttpProcess, LocalRegion, ServerProcess, local_regions
from tests.e2e.callers import Caller, Told, accepted, calling, calling_all, stored

HERE, THERE = "us-iowa", "europe-belgium"


class Snapshot(NamedTuple):
    """The files of a region's servers at one moment."""

    nats: Path
    redis: Path


async def keep(region: LocalRegion) -> Snapshot:
    """Keep the files of a region's servers. They are started again."""
    for server in (region.nats, region.redis):
        await server.stop()
    kept = Snapshot(await region.nats.keep_files(), await region.redis.keep_files())
    await start((region.nats, region.redis))
    return kept


async def start(processes: Iterable[ServerProcess | HttpProcess]) -> None:
    for process in processes:
        await process.start()


async def put_back(region: LocalRegion, kept: Snapshot, *, processes: bool) -> None:
    """Put the region's files back. Its own processes continue, or are started again too."""
    stopped = list(region.processes) if processes else [region.nats, region.redis]
    for process in reversed(stopped):
        await process.kill()
    await region.nats.put_back_files(kept.nats)
    await region.redis.put_back_files(kept.redis)
    await start(stopped)


async def statuses_until(caller: Caller, told: Told, holds: Coroutine[Any, Any, str]) -> set[int]:
    """The statuses of repeated reads of a webhook, until `holds`."""
    seen: set[int] = set()
    holding = asyncio.create_task(holds)
    while not holding.done():
        seen.add(await caller.read_status(told.webhook_id))
        await asyncio.sleep(0.005)
    await holding
    return seen


async def served_again(caller: Caller, told: Told) -> set[int]:
    seen: set[int] = set()
    async with asyncio.timeout(40):
        while 200 not in seen:
            seen.add(await caller.read_status(told.webhook_id))
            await asyncio.sleep(0.01)
    return seen


async def reason(url: str, words: str) -> str:
    """The reason why the process at `url` waits, once it has `words`."""
    async with calling(url) as process, asyncio.timeout(20):
        while True:
            ready = await process.ready_or_none()
            for why in (ready or {}).get("waiting_for", ()):
                if words in why:
                    return str(why)
            await asyncio.sleep(0.02)


async def test_a_region_set_back_as_a_whole_returns_503_until_the_right_log_is_back() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(HERE)
        early = await stored(callers[HERE])
        older = await keep(region)
        await demo.wait_ready()
        late = await stored(callers[HERE])
        other = await stored(callers[THERE])
        right = await keep(region)
        await demo.wait_ready()

        await put_back(region, older, processes=True)
        is_noticed = reason(region.services[0].url, "put the right log of us-iowa back")
        assert await statuses_until(callers[HERE], late, is_noticed) <= {0, 503}
        for process in (region.replicators[0], region.services[0]):
            why = await reason(process.url, "put the right log of us-iowa back")
            assert "had applied us-iowa up to message" in why
            assert "as europe-belgium knows" in why
        assert await callers[HERE].read_status(early.webhook_id) == 503
        counted = await callers[THERE].register(level="all_regions", timeout_seconds=1)
        assert (counted.status, counted.body["meta"]["consistency"]["pending"]) == (408, [HERE])

        await put_back(region, right, processes=False)
        assert await served_again(callers[HERE], late) <= {0, 200, 503}
        for told in (early, other, await callers[THERE].register(level="all_regions")):
            assert await callers[HERE].read_status(told.webhook_id) == 200


@pytest.mark.long
async def test_a_region_set_back_while_cut_off_continues_and_returns_503_once_it_hears_others() -> None:
    """Meanwhile it accepted other events at the places of those that it lost, and more than it had."""
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(HERE)
        early = await stored(callers[HERE])
        older = await keep(region)
        await demo.wait_ready()
        late = await stored(callers[HERE])
        right = await keep(region)
        await demo.wait_ready()

        await demo.cut(HERE)
        await put_back(region, older, processes=True)
        for process in region.processes:
            await process.wait_ready()
        assert await callers[HERE].read_status(early.webhook_id) == 200
        assert [(await callers[HERE].register()).status for _ in range(3)] == [201] * 3
        await demo.heal(HERE)
        why = await reason(region.replicators[0].url, "put the right log of us-iowa back")
        assert "europe-belgium has applied another message" in why
        assert await callers[HERE].read_status(early.webhook_id) == 503

        await put_back(region, right, processes=False)
        assert await served_again(callers[HERE], late) <= {0, 200, 503}
        # The other region has heard of more events than the right log has, and knows that they were of another log.
        async with asyncio.timeout(40):
            await accepted(callers[HERE], level="all_regions", timeout_seconds=2, told=[])
        assert await callers[HERE].read_status(early.webhook_id) == 200


@pytest.mark.long
async def test_a_redis_emptied_after_its_regions_log_was_set_back_returns_503() -> None:
    """First only the log went back, and the projection stayed."""
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(HERE)
        await region.nats.stop()
        older = await region.nats.keep_files()
        await region.nats.start()
        await demo.wait_ready()
        late = await stored(callers[HERE])
        await region.nats.stop()
        right = await region.nats.keep_files()
        await region.nats.put_back_files(older)
        await region.nats.start()
        await region.nats.wait_ready()
        assert await callers[HERE].read_status(late.webhook_id) == 200
        async with Redis.from_url(region.redis_url) as redis:
            await redis.flushall()
        is_noticed = reason(region.services[0].url, "put the right log of us-iowa back")
        assert await statuses_until(callers[HERE], late, is_noticed) == {503}
        await region.nats.stop()
        await region.nats.put_back_files(right)
        await region.nats.start()
        assert await served_again(callers[HERE], late) == {200, 503}


@pytest.mark.long
async def test_where_another_regions_copy_went_back_it_is_filled_again_before_anything_is_shown() -> None:
    """By its own data alone, this region would be current at once."""
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(THERE)
        early = await stored(callers[HERE])
        older = await keep(region)
        await demo.wait_ready()
        late = [await stored(callers[HERE]) for _ in range(5)]
        await put_back(region, older, processes=True)
        seen = [await served_again(callers[THERE], told) for told in (*late, early)]
        assert set().union(*seen) <= {0, 200, 503}
