"""A Redis that was emptied, restarted or set back, is down, full, may evict, or gets too many calls at once."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from adapters.apply_result import Applied
from adapters.errors import NotCurrent, Unavailable
from adapters.projection import CALLS_AT_ONCE_MAX, READS_TOGETHER_MAX, STATE_KEY, Projection
from adapters.redis_pool import CALL_TIMEOUT_SECONDS
from core.positions import Sequence
from core.registers import Query, Write
from deploy.local import LocalRegion
from tests.integration.adapters.runs import US, Raw, a_run, at, begun, current, outcome, registers_in, stamped


@pytest.mark.parametrize("command", ["FLUSHALL", "FLUSHDB", f"DEL {STATE_KEY}"])
async def test_the_next_read_and_the_next_run_notice_an_emptied_redis(
    projection: Projection, raw: Raw, command: str
) -> None:
    before = await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "x"))))
    await raw.execute_command(command)  # type: ignore[no-untyped-call]
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    assert await outcome(projection, a_run(1, 2)) is Applied.UNSEEN
    assert (await projection.observe()).incarnation == ""
    after = await projection.begin()
    assert after != before
    assert not (await projection.observe()).is_current, "its required ends are not known yet"
    assert await outcome(projection, a_run(1, 2)) is Applied.GAP


async def test_a_restarted_redis_is_another_incarnation_with_its_watermarks_kept(
    region: LocalRegion, projection: Projection
) -> None:
    before = await current(projection)
    await projection.apply(a_run(0, 3, Write("k", "f", stamped(3, "x"))))
    await region.redis.restart()
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    assert (await projection.observe()).incarnation == ""
    after = await begun(projection, us_iowa=4)
    assert after != before
    state = await projection.observe()
    assert (state.is_current, state.vector) == (False, {US: at(3)})
    await projection.apply(a_run(3, 4))
    assert (await projection.observe()).is_current
    assert (await projection.read(Query(("k",)))).registers == {"k": {"f": stamped(3, "x")}}


async def test_a_redis_set_back_to_older_files_lost_marks_and_registers_together_and_reports_that(
    region: LocalRegion, projection: Projection
) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "one"))))
    await region.redis.stop()
    old = await region.redis.keep_files()
    await region.redis.restart()
    await begun(projection, us_iowa=1)
    await projection.apply(a_run(1, 2, Write("k", "f", stamped(2, "two"))))
    await region.redis.stop()
    await region.redis.put_back_files(old)
    await region.redis.restart()
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    await begun(projection, us_iowa=2)
    assert (await projection.observe()).vector == {US: at(1)}
    await projection.apply(a_run(1, 2, Write("k", "f", stamped(2, "two"))))
    assert (await projection.observe()).is_current
    assert (await projection.read(Query(("k",)))).registers == {"k": {"f": stamped(2, "two")}}


async def test_a_redis_that_is_down_or_silent_is_unavailable_within_a_bound(
    region: LocalRegion, projection: Projection
) -> None:
    await current(projection)
    await region.redis.stop()
    with pytest.raises(Unavailable, match=r"^Redis: "):
        await projection.read(Query(()))
    await region.redis.restart()
    region.redis.pause()
    try:
        begin = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable, match=r"^Redis: "):
            await projection.observe()
        assert asyncio.get_running_loop().time() - begin < 5
        assert projection.unanswered
    finally:
        region.redis.resume()
    await projection.observe()
    assert not projection.unanswered


async def test_a_redis_that_refuses_writes_never_reports_a_run_as_applied(projection: Projection, raw: Raw) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "x"))))
    await raw.config_set("maxmemory", "1")
    try:
        with pytest.raises(Unavailable):
            await projection.apply(a_run(1, 2, Write("k", "f", stamped(2, "y"))))
        assert not projection.unanswered, "a refusal is an answer"
        view = await projection.read(Query(("k",)))
    finally:
        await raw.config_set("maxmemory", "0")
    assert (view.vector, view.registers) == ({US: at(1)}, {"k": {"f": stamped(1, "x")}})


@pytest.fixture
async def evicting(raw: Raw) -> AsyncIterator[str]:
    """A Redis that may evict data as soon as `CONFIG SET` sets this policy."""
    yield "allkeys-lru"
    await raw.config_set("maxmemory-policy", "noeviction")


async def test_a_redis_that_may_evict_is_not_current_until_it_is_fixed_and_emptied(
    projection: Projection, raw: Raw, evicting: str
) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "x"))))
    await raw.config_set("maxmemory-policy", evicting)
    state = await projection.observe()
    assert (state.is_current, state.tainted) == (False, evicting)
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    before = await registers_in(raw)
    assert await outcome(projection, a_run(1, 2, Write("k", "f", stamped(2, "y")))) is Applied.TAINTED
    assert await registers_in(raw) == before

    # The new policy does not bring back what it has already evicted.
    await raw.config_set("maxmemory-policy", "noeviction")
    for state in (await projection.observe(stops_at={US: Sequence(1)}), await projection.observe()):
        assert (state.is_current, state.tainted) == (False, evicting)
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))

    await raw.flushall()
    await current(projection)
    assert await outcome(projection, a_run(0, 1)) is Applied.APPLIED


async def test_a_redis_that_may_evict_stays_not_current_after_a_restart(
    region: LocalRegion, projection: Projection, raw: Raw, evicting: str
) -> None:
    await current(projection)
    await raw.config_set("maxmemory-policy", evicting)
    assert (await projection.observe()).tainted == evicting
    await raw.connection_pool.disconnect()
    await region.redis.restart()
    assert str((await raw.config_get("maxmemory-policy"))["maxmemory-policy"]) == "noeviction"
    await begun(projection)
    state = await projection.observe()
    assert (state.is_current, state.tainted) == (False, evicting)


async def test_a_redis_that_may_evict_from_the_start_is_never_current(
    projection: Projection, raw: Raw, evicting: str
) -> None:
    await raw.config_set("maxmemory-policy", evicting)
    await begun(projection)
    await raw.config_set("maxmemory-policy", "noeviction")
    state = await projection.observe()
    assert (state.is_current, state.tainted) == (False, evicting)
    assert await outcome(projection, a_run(0, 1)) is Applied.TAINTED


async def test_more_concurrent_reads_than_connections_are_all_answered(projection: Projection) -> None:
    await current(projection)
    views = await asyncio.gather(*(projection.read(Query(())) for _ in range(200)))
    assert len(views) == 200


async def test_if_redis_is_silent_more_reads_than_fit_into_one_call_fail_together(
    region: LocalRegion, projection: Projection
) -> None:
    await current(projection)
    region.redis.pause()
    try:
        begin = asyncio.get_running_loop().time()
        reading = [projection.read(Query(())) for _ in range(5 * READS_TOGETHER_MAX)]
        done = await asyncio.gather(*reading, return_exceptions=True)
        took_seconds = asyncio.get_running_loop().time() - begin
    finally:
        region.redis.resume()
    assert all(isinstance(one, Unavailable) for one in done)
    assert took_seconds < 2 * CALL_TIMEOUT_SECONDS, "the reads waited for one time-out, not for one after the other"


async def test_a_busy_process_waits_for_a_redis_that_answers(projection: Projection) -> None:
    """The slowness of this process does not count as silence of Redis."""
    await current(projection)

    async def keep_busy() -> None:
        while True:
            time.sleep(0.05)  # noqa: ASYNC251 - the busy process under test
            await asyncio.sleep(0)

    busy = asyncio.create_task(keep_busy())
    try:
        views = await asyncio.gather(*(projection.read(Query(("k",))) for _ in range(12 * CALLS_AT_ONCE_MAX)))
    finally:
        busy.cancel()
    assert len(views) == 12 * CALLS_AT_ONCE_MAX
