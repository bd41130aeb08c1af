"""Redis remembers what the region is known to have had, and is current only with all of it."""

import pytest

from adapters.errors import NotCurrent
from adapters.projection import STATE_KEY, Projection
from adapters.projection_state import Contradiction, Had
from core.positions import Epoch, Region, Sequence
from core.registers import Query
from deploy.local import LocalRegion
from tests.integration.adapters.runs import EPOCH, EU, JP, US, Raw, a_run, at, begun, current


def had(sequence: int, by: Region = JP, epoch: Epoch = EPOCH) -> Had:
    return Had(epoch, Sequence(sequence), by)


async def test_a_current_incarnation_that_lacks_known_events_ends_and_the_next_must_reach_them(
    projection: Projection,
) -> None:
    before = await current(projection)
    await projection.apply(a_run(0, 1))
    await projection.remember(before, {US: had(2)})
    with pytest.raises(NotCurrent):
        await projection.read(Query(()))
    state = await projection.observe()
    assert state.incarnation != before
    assert not state.is_required_known, "the ends of the logs must be read again"
    assert (state.vector, state.known) == ({US: at(1)}, {US: had(2)})

    await projection.require(state.incarnation, {US: at(1)})
    assert not (await projection.observe()).is_current
    await projection.apply(a_run(1, 2))
    assert (await projection.observe()).is_current


async def test_known_events_that_are_already_applied_change_nothing(projection: Projection) -> None:
    incarnation = await current(projection)
    await projection.apply(a_run(0, 3))
    await projection.remember(incarnation, {US: had(3)})
    assert (await projection.read(Query(()))).incarnation == incarnation


async def test_of_several_known_marks_the_highest_counts(projection: Projection) -> None:
    before = await current(projection)
    await projection.remember(before, {US: had(5, EU), EU: had(1)})
    now = (await projection.observe()).incarnation
    for incarnation in (before, now):
        await projection.remember(incarnation, {US: had(3)})
        await projection.remember(incarnation, {EU: had(2)} if incarnation == now else {EU: had(9)})
    state = await projection.observe()
    assert state.incarnation == now, "an incarnation that is not current is not ended"
    assert state.known == {US: had(5, EU), EU: had(2)}


async def test_a_mark_of_another_epoch_does_not_reach_what_is_known(projection: Projection) -> None:
    incarnation = await begun(projection)
    await projection.remember(incarnation, {US: had(2)})
    await projection.apply(a_run(0, 5, epoch=Epoch("another")))
    assert not (await projection.observe()).is_current


async def test_a_current_incarnation_of_another_epoch_lacks_what_is_known(projection: Projection) -> None:
    incarnation = await current(projection)
    await projection.apply(a_run(0, 5, epoch=Epoch("another")))
    await projection.remember(incarnation, {US: had(2)})
    assert not (await projection.observe()).is_current


async def test_an_event_that_cannot_be_applied_does_not_excuse_a_missing_applied_one(projection: Projection) -> None:
    incarnation = await begun(projection, us_iowa=3)
    await projection.remember(incarnation, {US: had(3)})
    await projection.apply(a_run(0, 2))
    assert not (await projection.observe(stops_at={US: Sequence(2)})).is_current


async def test_known_marks_survive_a_restart_of_redis(region: LocalRegion, projection: Projection) -> None:
    await projection.remember(await current(projection), {US: had(2)})
    await region.redis.restart()
    await begun(projection)
    state = await projection.observe()
    assert (state.is_current, state.known) == (False, {US: had(2)})


async def test_a_log_that_contradicts_another_region_ends_currency_until_the_projection_is_rebuilt(
    projection: Projection, raw: Raw
) -> None:
    incarnation = await current(projection)
    await projection.apply(a_run(0, 9))
    contradicted = Contradiction(at(7, "other"), EU)
    await projection.remember(incarnation, {}, contradicted)
    state = await projection.observe()
    assert (state.is_current, state.contradicted) == (False, contradicted)
    await projection.require(state.incarnation, {})
    assert not (await projection.observe()).is_current, "whatever it has applied"

    after = await projection.rebuild(state.incarnation)
    assert "contradicted" not in await raw.hgetall(STATE_KEY)
    await projection.require(after, {})
    assert (await projection.observe()).is_current


async def test_each_rebuild_begins_a_later_history_and_nothing_else_does(
    region: LocalRegion, projection: Projection
) -> None:
    def history(incarnation: str) -> int:
        return int(incarnation.split(":")[2])

    first = await current(projection)
    second = await projection.rebuild(first)
    third = await projection.rebuild(second)
    assert 0 == history(first) < history(second) < history(third)
    await projection.require(third, {})
    await projection.observe()
    await projection.remember(third, {US: had(1)})
    assert history((await projection.observe()).incarnation) == history(third)
    await region.redis.restart()
    assert history(await projection.begin()) == history(third)
