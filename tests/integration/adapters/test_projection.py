"""The projection in a real Redis: what its scripts apply and refuse."""

import asyncio

import msgspec
import pytest

from adapters.apply_result import Applied, ApplyResult
from adapters.errors import Unavailable
from adapters.projection import STATE_KEY, Projection, open_projection
from adapters.projection_arguments import Run
from core.positions import BEGINNING, Epoch, Mark
from core.registers import Query, Write
from deploy.local import LocalRegion
from tests.integration.adapters.runs import (
    EU,
    JP,
    US,
    Raw,
    a_run,
    at,
    current,
    outcome,
    registers_in,
    stamped,
)


async def test_a_run_is_applied_with_its_watermark_and_clock_in_one_step(projection: Projection, raw: Raw) -> None:
    incarnation = await current(projection)
    result = await projection.apply(a_run(0, 3, Write("webhook:1", "name", stamped(3, "hook")), clock=9))
    assert result == ApplyResult(Applied.APPLIED, incarnation, is_current=True, mark=at(3))
    view = await projection.read(Query(("webhook:1",)))
    assert view.vector == {US: at(3)}
    assert view.clock == 9
    assert view.registers == {"webhook:1": {"name": stamped(3, "hook")}}
    assert await registers_in(raw) == view.registers


async def test_a_run_that_is_applied_again_is_a_duplicate_and_changes_nothing(projection: Projection, raw: Raw) -> None:
    await current(projection)
    write = Write("webhook:1", "name", stamped(3, "hook"))
    await projection.apply(a_run(0, 3, write))
    before = await raw.hgetall(STATE_KEY)
    for run in (a_run(0, 3, write), a_run(0, 2, Write("k", "f", stamped(1, "x"))), a_run(1, 3), a_run(2, 3)):
        result = await projection.apply(run)
        assert (result.outcome, result.mark) == (Applied.DUPLICATE, at(3))
    assert await raw.hgetall(STATE_KEY) == before
    assert await registers_in(raw) == {"webhook:1": {"name": stamped(3, "hook")}}


async def test_a_run_that_overlaps_the_applied_events_and_ends_beyond_them_is_applied(projection: Projection) -> None:
    """Two replicators divide the same events into different runs."""
    await current(projection)
    await projection.apply(a_run(0, 3, Write("k", "f", stamped(3, "three"))))
    overlapping = a_run(1, 5, Write("k", "f", stamped(3, "three")), Write("k", "f", stamped(5, "five")))
    assert (await projection.apply(overlapping)).mark == at(5)
    assert (await projection.read(Query(("k",)))).registers == {"k": {"f": stamped(5, "five")}}


async def test_the_count_of_events_is_kept_with_the_watermark_and_returned_with_it(projection: Projection) -> None:
    """Two replicators may have cut the same frames into different runs."""
    await current(projection)
    for before, last, events in ((0, 3, 700), (1, 5, 703), (0, 2, 650)):
        run = a_run(before, last)
        result = await projection.apply(msgspec.structs.replace(run, last=counted(run.last, events)))
        assert result.mark.events == max(703 if last == 2 else 0, events)
    view = await projection.read(Query(()))
    assert (view.vector, view.vector[US].events) == ({US: at(5)}, 703)
    assert (await projection.observe()).vector[US].events == 703


async def test_a_count_is_still_right_after_a_version_that_does_not_count_has_applied_messages(
    projection: Projection, raw: Raw
) -> None:
    """Versions before frames write the watermark alone, and one event a message."""
    await current(projection)
    assert (await projection.apply(a_run(0, 3))).mark.events == 3
    for extra, stored in ((0, at(5)), (697, at(9))):
        run = a_run(3, 4)
        if extra:
            run = msgspec.structs.replace(a_run(5, 7), last=counted(at(7), 7 + extra))
            assert (await projection.apply(run)).mark.events == 704
        await raw.hset(STATE_KEY, f"mark:{US}", f"{stored.epoch} {stored.sequence} {stored.fingerprint}")
        assert (await projection.read(Query(()))).vector[US].events == stored.sequence + extra
        assert (await projection.apply(a_run(0, 1))).mark.events == stored.sequence + extra


def counted(mark: Mark, events: int) -> Mark:
    return msgspec.structs.replace(mark, events=events)


@pytest.mark.parametrize(("before", "last"), [(4, 5), (4, 9), (99, 100)])
async def test_a_gap_is_refused_and_nothing_of_it_is_written(
    projection: Projection, raw: Raw, before: int, last: int
) -> None:
    await current(projection)
    await projection.apply(a_run(0, 3))
    result = await projection.apply(a_run(before, last, Write("k", "f", stamped(last, "x"))))
    assert (result.outcome, result.mark) == (Applied.GAP, at(3))
    assert await registers_in(raw) == {}


async def test_a_first_run_that_does_not_begin_at_the_first_event_is_a_gap(projection: Projection) -> None:
    await current(projection)
    result = await projection.apply(a_run(1, 2))
    assert (result.outcome, result.mark) == (Applied.GAP, BEGINNING)


@pytest.mark.parametrize(
    "run",
    [
        a_run(3, 4, Write("k", "f", stamped(4, "x")), name="f"),
        a_run(2, 3, Write("k", "f", stamped(3, "x")), name="f"),
        a_run(3, 4, Write("k", "f", stamped(4, "x")), epoch=Epoch("another")),
        a_run(0, 1, Write("k", "f", stamped(1, "x")), epoch=Epoch("another")),
        a_run(0, 9, Write("k", "f", stamped(1, "x")), epoch=Epoch("another")),
    ],
    ids=["after another event", "another event", "another epoch", "its first event", "a longer log"],
)
async def test_a_fork_is_refused_and_nothing_of_it_is_written(projection: Projection, raw: Raw, run: Run) -> None:
    await current(projection)
    await projection.apply(a_run(0, 3))
    result = await projection.apply(run)
    assert (result.outcome, result.mark) == (Applied.FORKED, at(3))
    assert await registers_in(raw) == {}
    assert (await projection.observe()).vector == {US: at(3)}


async def test_origins_do_not_block_one_another(projection: Projection) -> None:
    await current(projection)
    for origin, count in ((US, 3), (EU, 5), (JP, 7)):
        assert await outcome(projection, a_run(0, count, origin=origin)) is Applied.APPLIED
    assert (await projection.observe()).vector == {US: at(3), EU: at(5), JP: at(7)}


async def test_the_clock_never_goes_back(projection: Projection) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1, clock=2**70))
    await projection.apply(a_run(1, 2, clock=5))
    assert (await projection.read(Query(()))).clock == 2**70


async def test_a_script_that_failed_half_way_applies_its_whole_run_when_it_runs_again(
    projection: Projection, raw: Raw
) -> None:
    """A key of the wrong type stops the script after its first writes and before the watermark."""
    await current(projection)
    run = a_run(0, 2, *(Write(f"k{number}", "f", stamped(2, "x")) for number in range(4)))
    await raw.set("k2", "no hash")
    with pytest.raises(Unavailable):
        await projection.apply(run)
    await raw.delete("k2")
    assert set(await registers_in(raw)) == {"k0", "k1"}
    assert (await projection.observe()).vector == {}
    assert await outcome(projection, run) is Applied.APPLIED
    assert set(await registers_in(raw)) == {"k0", "k1", "k2", "k3"}


async def test_many_concurrent_replicators_apply_the_same_events_once(
    region: LocalRegion, projection: Projection
) -> None:
    await current(projection)
    async with open_projection(region.redis_url, region=US) as rival:
        applied = 0
        for sequence in range(1, 41):
            run = a_run(sequence - 1, sequence)
            outcomes = [result.outcome for result in await asyncio.gather(projection.apply(run), rival.apply(run))]
            assert sorted(outcomes) == [Applied.APPLIED, Applied.DUPLICATE]
            applied += 1
    assert (await projection.observe()).vector == {US: at(applied)}


async def test_a_large_run_with_bytes_of_every_kind_arrives_unchanged(projection: Projection) -> None:
    await current(projection)
    value = "".join(map(chr, range(1, 0x250))) + "\u2028\U0001f980" + "x" * 60_000
    writes = [Write("k:\u00e9 %s\n", f"f{number}", stamped(1, value)) for number in range(100)]
    await projection.apply(a_run(0, 1, *writes))
    found = (await projection.read(Query(("k:\u00e9 %s\n",)))).registers["k:\u00e9 %s\n"]
    assert found == {f"f{number}": stamped(1, value) for number in range(100)}
