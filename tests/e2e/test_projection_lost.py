"""A projection is disposable, and never hides that it is incomplete."""

import asyncio

import pytest
from redis.asyncio import Redis

from deploy.local import local_regions
from tests.e2e.callers import Caller, calling, calling_all, stored, under_load, until
from tests.e2e.evidence import check, check_told, settled

LOSER = "europe-belgium"


@pytest.mark.long
async def test_an_emptied_redis_is_detected_at_once_and_rebuilt_under_load() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        known = await callers[LOSER].register(level="all_regions")
        async with under_load(list(callers.values()), each=3) as load:
            await asyncio.sleep(1)
            assert await callers[LOSER].read_status(known.webhook_id) == 200
            (replicator,) = demo.region(LOSER).replicators
            # No replicator rebuilds it before the first read.
            replicator.pause()
            async with Redis.from_url(demo.region(LOSER).redis_url) as redis:
                await redis.flushall()
            emptied = await callers[LOSER].read_status(known.webhook_id)
            replicator.resume()
            rebuilt = await statuses_until_served(callers[LOSER], known.webhook_id)
            await asyncio.sleep(3)
            await until(lambda: len(load.of(201)) > 100)
        assert emptied == 503
        assert set(rebuilt) <= {200, 503}
        others = await callers["us-iowa"].register(level="all_regions")
        assert others.status == 201
        evidence = await settled(demo)
        check(evidence)
        told = check_told(evidence, [*load.told, known, others])
        assert set(told) <= {201, 503}
        assert told[201] > 100


@pytest.mark.long
async def test_a_redis_set_back_while_nothing_is_written_returns_503_until_it_is_current_again() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        redis = demo.region(LOSER).redis
        early = [await callers[LOSER].register(level="all_regions") for _ in range(3)]
        await redis.stop()
        older = await redis.keep_files()
        await redis.start()
        await redis.wait_ready()
        await demo.wait_ready()
        late = [await stored(callers["us-iowa"]) for _ in range(3)]
        await redis.kill()
        await redis.put_back_files(older)
        await redis.start()
        await redis.wait_ready()
        # From the first read on, each response is 503 or true: the region has acknowledged all of it.
        for told in [*late, *early]:
            seen = await statuses_until_served(callers[LOSER], told.webhook_id)
            assert set(seen) <= {200, 503}
        evidence = await settled(demo)
        check(evidence)
        check_told(evidence, [*early, *late])


async def test_a_redis_set_back_under_its_processes_returns_503_at_the_first_read() -> None:
    """Its process, its run id and its incarnation stay as they are."""
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        caller, region = callers[LOSER], demo.region(LOSER)
        known = await caller.register(level="all_regions")
        async with Redis.from_url(region.redis_url) as redis:
            for key in await redis.keys():
                await redis.execute_command("COPY", key, key, "DB", 1)  # type: ignore[no-untyped-call]
            late = await callers["us-iowa"].register(level="all_regions")
            assert await caller.read_status(late.webhook_id) == 200
            await redis.execute_command("SWAPDB", 0, 1)  # type: ignore[no-untyped-call]
        assert await caller.read_status(late.webhook_id) == 503
        for told in (late, known):
            assert set(await statuses_until_served(caller, told.webhook_id)) <= {200, 503}
        evidence = await settled(demo)
        check(evidence)
        check_told(evidence, [known, late])


@pytest.mark.long
async def test_a_redis_that_may_evict_returns_503_with_the_remedy_until_it_is_applied() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        known = await callers[LOSER].register(level="all_regions")
        region, caller = demo.region(LOSER), callers[LOSER]
        async with (
            Redis.from_url(region.redis_url) as redis,
            calling(region.replicators[0].url) as replicator,
        ):
            await redis.config_set("maxmemory-policy", "allkeys-lru")
            await status_becomes(caller, known.webhook_id, 503)
            ready = await replicator.ready()
            assert ready["status"] == "waiting"
            assert "set it to noeviction, then empty this Redis with FLUSHALL" in ready["waiting_for"][0]
            assert region.replicators[0].log.read_text().count("projection tainted") == 1
            await redis.config_set("maxmemory-policy", "noeviction")
            late = await callers["us-iowa"].register(level="all_regions", timeout_seconds=1)
            assert (late.status, late.body["meta"]["consistency"]["pending"]) == (408, [LOSER])
            assert await caller.read_status(known.webhook_id) == 503
            await redis.flushall()
            await status_becomes(caller, known.webhook_id, 200)
        evidence = await settled(demo)
        check(evidence)
        check_told(evidence, [known, late])


async def status_becomes(caller: Caller, webhook_id: str, status: int) -> None:
    async with asyncio.timeout(10):
        while await caller.read_status(webhook_id) != status:
            await asyncio.sleep(0.01)


async def statuses_until_served(caller: Caller, webhook_id: str) -> list[int]:
    """The statuses of repeated reads of a webhook, until one is 200."""
    seen: list[int] = []
    async with asyncio.timeout(30):
        while 200 not in seen:
            seen.append(await caller.read_status(webhook_id))
            await asyncio.sleep(0.002)
        return seen
