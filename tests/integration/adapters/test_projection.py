"""The projection in a real Redis: what its scripts apply, refuse and report."""

import asyncio

import msgspec
import pytest

from adapters.apply_result import Applied, ApplyResult
from adapters.errors import NotCurrent, Unavailable
from adapters.projection import STATE_KEY, Projection, open_projection
from adapters.projection_arguments import PIECE_BYTES, Run
from adapters.projection_state import Required
from core.positions import BEGINNING, Epoch, Mark, Sequence
from core.registers import Index, Query, Recall, Write
from deploy.local import LocalRegion
from deploy.redis.configuration import REPLICATOR, SERVICE
from tests.integration.adapters.runs import (
    EPOCH,
    EU,
    JP,
    US,
    Raw,
    a_run,
    at,
    begun,
    current,
    outcome,
    registers_in,
    stamped,
)

# Applying


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


# Reading


async def test_a_key_whose_fields_are_followed_is_read_with_the_keys_that_they_name(projection: Projection) -> None:
    await current(projection)
    writes = [Write("list", name, stamped(1, "")) for name in ("a", "b")]
    await projection.apply(a_run(0, 1, *writes, Write("item:a", "f", stamped(1, "x"))))
    view = await projection.read(Query(("list",), follow="item:"))
    assert view.registers["item:a"] == {"f": stamped(1, "x")}
    assert set(view.registers) == {"list", "item:a", "item:b"}


async def test_a_redis_that_no_process_has_seen_is_not_read(projection: Projection) -> None:
    with pytest.raises(NotCurrent):
        await projection.read(Query(()))
    assert await outcome(projection, a_run(0, 1)) is Applied.UNSEEN
    state = await projection.observe()
    assert (state.incarnation, state.is_current, state.is_required_known, state.vector) == ("", False, False, {})


async def test_a_projection_is_not_read_before_every_required_end_is_reached(projection: Projection) -> None:
    await begun(projection, us_iowa=2, europe_belgium=1)
    required = {US: Required(EPOCH, Sequence(2)), EU: Required(EPOCH, Sequence(1))}
    for run, expected in (
        (a_run(0, 1), False),
        (a_run(1, 2), False),
        (a_run(0, 1, origin=EU), True),
    ):
        await projection.apply(run)
        state = await projection.observe()
        assert (state.is_current, state.required) == (expected, required)
        if not expected:
            with pytest.raises(NotCurrent):
                await projection.read(Query(()))
    assert (await projection.read(Query(()))).vector == {US: at(2), EU: at(1)}


async def test_events_of_another_epoch_do_not_reach_the_required_ends(projection: Projection) -> None:
    await begun(projection, us_iowa=1)
    await projection.apply(a_run(0, 5, epoch=Epoch("another")))
    assert not (await projection.observe()).is_current


async def test_an_origin_that_stops_before_its_required_end_is_excused_only_at_that_place(
    projection: Projection,
) -> None:
    await begun(projection, us_iowa=3, europe_belgium=1)
    await projection.apply(a_run(0, 1, origin=EU))
    stops_at = {US: Sequence(2)}
    for last in (0, 1):
        await projection.apply(a_run(0, last))
        assert not (await projection.observe(stops_at=stops_at)).is_current, f"it has reached only {last}"
    await projection.apply(a_run(1, 2))
    assert not (await projection.observe()).is_current
    assert not (await projection.observe(stops_at={US: Sequence(1)})).is_current, "the projection is beyond that place"
    assert not (await projection.observe(stops_at={EU: Sequence(1)})).is_current, "the wrong origin is excused"
    assert (await projection.observe(stops_at=stops_at)).is_current


async def test_an_origin_that_stops_at_its_first_event_does_not_block_currency(projection: Projection) -> None:
    await begun(projection, us_iowa=1)
    assert (await projection.observe(stops_at={US: Sequence(0)})).is_current


async def test_an_origin_of_another_epoch_is_not_excused(projection: Projection) -> None:
    await begun(projection, us_iowa=5)
    await projection.apply(a_run(0, 2, epoch=Epoch("another")))
    assert not (await projection.observe(stops_at={US: Sequence(2)})).is_current


async def test_the_first_required_ends_count(projection: Projection) -> None:
    incarnation = await begun(projection, us_iowa=5)
    await projection.require(incarnation, {})
    assert not (await projection.observe()).is_current


async def test_the_required_ends_of_another_incarnation_do_not_count(projection: Projection) -> None:
    await projection.begin()
    await projection.require("another", {})
    state = await projection.observe()
    assert not state.is_required_known
    assert not state.is_current


async def test_concurrent_first_visits_to_a_redis_agree_on_its_incarnation(
    region: LocalRegion, projection: Projection
) -> None:
    async with open_projection(region.redis_url, region=US) as rival:
        found = await asyncio.gather(*(one.begin() for one in (projection, rival) * 5))
    assert len(set(found)) == 1


async def test_a_current_projection_stays_current_while_more_is_applied(projection: Projection) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1))
    assert (await projection.observe()).is_current


async def test_no_call_needs_more_than_the_permissions_of_its_role(region: LocalRegion, raw: Raw) -> None:
    """So every refusal that Redis records is that of another client."""
    await raw.acl_log_reset()
    async with (
        open_projection(region.redis_url_as(REPLICATOR), region=US) as replicator,
        open_projection(region.redis_url_as(SERVICE), region=US) as service,
    ):
        await current(replicator)
        assert await outcome(replicator, a_run(0, 1, Write("k", "f", stamped(1, "v")))) is Applied.APPLIED
        await service.read(Query(keys=("k",)))
    assert await raw.acl_log() == []


# Reading together


async def test_concurrent_queries_of_every_kind_have_the_same_answers_as_one_by_one(projection: Projection) -> None:
    await current(projection)
    writes = [Write(f"webhook:{number}", "name", stamped(number, f"hook {number}")) for number in range(1, 9)]
    named = [Write("webhooks", str(number), stamped(number, "")) for number in range(1, 9)]
    await projection.apply(a_run(0, 9, *writes, *named, clock=9))
    queries = [
        Query(()),
        Query(("webhook:1",)),
        Query(("webhooks",), follow="webhook:"),
        Query(("webhooks",), follow="webhook:", page=(2, 3)),
        Query(("webhooks",), some=("webhook:7", "webhook:8")),
        Query(("missing", "webhook:2"), counted="webhooks"),
        Query(("webhook:3",), recall=Recall("k", ("retries:o:1", "retries:o:2"))),
        Query(("webhook:4",), named_in=Index("index", "entry"), follow="webhook:"),
    ]
    alone = [await projection.read(query) for query in queries]
    together = await asyncio.gather(*(projection.read(query) for query in queries * 20))
    assert together == alone * 20
    assert len({str(view.registers) for view in alone}) == len(queries)


async def test_many_concurrent_queries_take_few_calls_of_redis(projection: Projection, raw: Raw) -> None:
    await current(projection)
    await raw.config_resetstat()
    await asyncio.gather(*(projection.read(Query((f"webhook:{number}",))) for number in range(100)))
    assert (await raw.info("commandstats"))["cmdstat_evalsha"]["calls"] <= 3


async def test_large_concurrent_queries_take_several_calls_of_redis_of_bounded_size(
    projection: Projection, raw: Raw
) -> None:
    await current(projection)
    numbers = range(1, 25)
    large = {number: stamped(number, "x" * 64 * 1024) for number in numbers}
    await projection.apply(a_run(0, 24, *(Write(f"webhook:{number}", "f", large[number]) for number in numbers)))
    await raw.config_resetstat()
    views = await asyncio.gather(*(projection.read(Query((f"webhook:{number}",))) for number in numbers))
    assert [view.registers for view in views] == [{f"webhook:{number}": {"f": large[number]}} for number in numbers]
    # The first query has a call of its own, which begins before the others come.
    assert (await raw.info("commandstats"))["cmdstat_evalsha"]["calls"] >= len(numbers) * 64 * 1024 // PIECE_BYTES


async def test_a_key_of_another_kind_fails_only_the_query_that_names_it(projection: Projection, raw: Raw) -> None:
    await current(projection)
    await raw.set("webhook:bad", "no hash")
    names = ["webhook:1", "webhook:2", "webhook:bad", "webhook:3"]
    first, second, bad, third = await asyncio.gather(
        *(projection.read(Query((name,))) for name in names), return_exceptions=True
    )
    assert isinstance(bad, Unavailable)
    assert "WRONGTYPE" in str(bad)
    assert not any(isinstance(view, BaseException) for view in (first, second, third))


async def test_a_cancelled_query_does_not_affect_the_answers_to_others(
    region: LocalRegion, projection: Projection
) -> None:
    await current(projection)
    region.redis.pause()
    reading = [asyncio.create_task(projection.read(Query((f"webhook:{number}",)))) for number in range(3)]
    await asyncio.sleep(0.05)
    reading[0].cancel()
    region.redis.resume()
    done = await asyncio.gather(*reading, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert [view.registers for view in done[1:] if not isinstance(view, BaseException)] == [
        {"webhook:1": {}},
        {"webhook:2": {}},
    ]
