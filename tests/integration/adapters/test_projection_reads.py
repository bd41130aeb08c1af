"""The projection in a real Redis: what its scripts return, and when they return nothing."""

import asyncio

import pytest

from adapters.apply_result import Applied
from adapters.errors import NotCurrent, Unavailable
from adapters.projection import Projection, open_projection
from adapters.projection_arguments import PIECE_BYTES
from adapters.projection_state import Required
from core.positions import Epoch, Sequence
from core.registers import Index, Query, Recall, Write
from deploy.local import LocalRegion
from deploy.redis.configuration import REPLICATOR, SERVICE
from tests.integration.adapters.runs import (
    EPOCH,
    EU,
    US,
    Raw,
    a_run,
    at,
    begun,
    current,
    outcome,
    stamped,
)

# Reading


async def test_a_key_whose_fields_are_followed_is_read_with_the_keys_that_they_name(projection: Projection) -> None:
    await current(projection)
    writes = [Write("list", name, stamped(1, "")) for name in ("a", "b")]
    await projection.apply(a_run(0, 1, *writes, Write("item:a", "f", stamped(1, "x"))))
    view = await projection.read(Query(("list",), follow="item:"))
    assert view.registers["item:a"] == {"f": stamped(1, "x")}
    assert set(view.registers) == {"list", "item:a", "item:b"}


async def test_of_the_first_key_only_the_fields_that_a_query_names_are_read(projection: Projection) -> None:
    await current(projection)
    writes = [Write(key, field, stamped(1, field)) for key in ("first", "second") for field in ("a", "b", "c")]
    await projection.apply(a_run(0, 1, *writes))
    view = await projection.read(Query(("first", "second"), fields=("c", "a", "missing")))
    assert view.registers == {
        "first": {field: stamped(1, field) for field in ("a", "c")},
        "second": {field: stamped(1, field) for field in ("a", "b", "c")},
    }


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
