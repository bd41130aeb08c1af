"""A projection in a real Redis, held against what its region is known to have had."""

from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import pytest_asyncio
import redis.asyncio

from adapters.announcements import Announcement
from adapters.errors import Incomplete, NotCurrent
from adapters.event_log import EventLog
from adapters.log_info import LogInfo
from adapters.projection import Projection, open_projection
from adapters.projection_state import Contradiction, Had, State
from core.known_marks import Known, history_of
from core.positions import BEGINNING, Mark, Sequence
from core.registers import Query
from deploy.local import LocalRegion, local_regions
from replicator import proof as proof_module
from replicator.evidence import Evidence
from replicator.proof import Proof
from tests.integration.adapters.runs import EPOCH, EU, US, Raw, a_run, at


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def region() -> AsyncIterator[LocalRegion]:
    async with local_regions(regions=1, services=0, replicators=0) as demo:
        yield demo.region("us-iowa")


@pytest.fixture
async def raw(region: LocalRegion) -> AsyncIterator[Raw]:
    async with redis.asyncio.Redis.from_url(region.redis_url, decode_responses=True) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def projection(region: LocalRegion, raw: Raw) -> AsyncIterator[Projection]:  # noqa: ARG001 - emptied
    async with open_projection(region.redis_url, region=US) as projection:
        yield projection


class Log:
    """As much of a log as is asked where it ends and what stands where."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self.flaw = ""

    async def ascertain(self) -> LogInfo:
        return LogInfo(EPOCH, Sequence(len(self.marks)))

    async def end(self) -> Mark:
        if self.flaw:
            raise Incomplete(US, self.flaw)
        return self.marks[-1] if self.marks else BEGINNING

    async def event_at(self, sequence: Sequence) -> SimpleNamespace | None:
        found = self.marks[sequence - 1 : sequence]
        return SimpleNamespace(mark=lambda: found[0]) if found else None


class Replicator:
    """As much of a replicator as looks at a projection, and hears one other region."""

    def __init__(self, projection: Projection) -> None:
        self.evidence = Evidence(US, others=(EU,), origins=(US, EU))
        self.projection = projection
        self.log, self.copy = Log(), Log()
        self.proof = Proof(
            US,
            projection=projection,
            local_logs={US: cast("EventLog", self.log)},
            copies={EU: cast("EventLog", self.copy)},
            must_exist=(),
            evidence=self.evidence,
        )
        self.seconds = 0.0

    def hear(self, knows: Known, *, applied: Mark = BEGINNING, incarnation: str = "e") -> None:
        """A heartbeat of the other region: what it knows this one to have had, and has applied of this one's log."""
        self.seconds += 1e9
        heard = Announcement(EU, incarnation, is_current=True, vector={US: applied}, known_of_recipient=knows)
        self.evidence.heard(heard, now_seconds=self.seconds)

    async def look(self) -> State:
        state = await self.proof.look({})
        self.evidence.shown(state.incarnation, state.vector, is_current=state.is_current)
        return state

    async def current(self) -> State:
        """As it is once it is current: the first look names the incarnation, the next proves it."""
        self.hear(Known())
        while not (state := await self.look()).is_current:
            self.hear(Known())
        return state

    async def applied(self, before: int, last: int) -> None:
        result = await self.projection.apply(a_run(before, last))
        self.evidence.shown(result.incarnation, {US: result.mark}, is_current=result.is_current)


Change = Callable[[], Awaitable[object]]


async def swap(region_url: str, change: Change) -> None:
    """Have an older copy of the data take its place by SWAPDB."""
    async with redis.asyncio.Redis.from_url(region_url) as client:
        for key in await client.keys():
            await client.execute_command("COPY", key, key, "DB", 1)  # type: ignore[no-untyped-call]
        await change()
        await client.execute_command("SWAPDB", 0, 1)  # type: ignore[no-untyped-call]


async def load(region_url: str, change: Change) -> None:
    """Have an older dump of the data be loaded in its place, in one step."""
    async with redis.asyncio.Redis.from_url(region_url) as client:
        dumped = {key: await client.dump(key) for key in await client.keys()}
        await change()
        step: Any = client.pipeline(transaction=True)
        step.flushdb()
        for key, value in dumped.items():
            step.restore(key, 0, value)
        await step.execute()


@pytest.mark.parametrize("set_back", [swap, load])
async def test_data_set_back_within_its_incarnation_is_not_current_until_it_reaches_what_it_had(
    region: LocalRegion, projection: Projection, set_back: Callable[[str, Change], Awaitable[None]]
) -> None:
    replicator = Replicator(projection)
    before = await replicator.current()
    await replicator.applied(0, 1)
    await set_back(region.redis_url, lambda: replicator.applied(1, 3))
    assert (await projection.read(Query(()))).vector == {US: at(1)}, "Redis itself does not know"

    state = await replicator.look()
    assert state.incarnation != before.incarnation
    assert (state.is_current, state.known) == (False, {US: Had(EPOCH, at(3).sequence, US)})
    with pytest.raises(NotCurrent):
        await projection.read(Query(()))
    await replicator.applied(1, 3)
    assert (await replicator.current()).vector == {US: at(3)}


async def test_a_projection_is_no_longer_current_once_another_region_reports_more(projection: Projection) -> None:
    replicator = Replicator(projection)
    await replicator.current()
    await replicator.applied(0, 1)
    replicator.hear(Known(0, {US: at(2)}))
    state = await replicator.look()
    assert (state.is_current, state.known) == (False, {US: Had(EPOCH, at(2).sequence, EU)})
    with pytest.raises(NotCurrent):
        await projection.read(Query(()))


async def test_a_replicator_without_knowledge_waits_for_that_of_the_others(
    projection: Projection,
) -> None:
    replicator = Replicator(projection)
    for _ in range(3):
        state = await replicator.look()
        assert state.incarnation
        assert not state.is_required_known
    replicator.hear(Known(0, {EU: at(4)}))
    state = await replicator.look()
    assert state.is_required_known
    assert (state.is_current, state.known) == (False, {EU: Had(EPOCH, at(4).sequence, EU)})


async def test_events_applied_while_redis_answered_do_not_contradict_its_answer(
    projection: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    replicator = Replicator(projection)
    before = await replicator.current()
    observe = projection.observe

    async def observed(**arguments: Any) -> State:  # noqa: ANN401 - as it is
        state = await observe(**arguments)
        await replicator.applied(0, 1)
        return state

    monkeypatch.setattr(projection, "observe", observed)
    state = await replicator.look()
    assert (state.incarnation, state.is_current, state.known) == (before.incarnation, True, {})


async def test_the_end_of_another_regions_copy_is_read_before_a_projection_is_current(
    projection: Projection,
) -> None:
    """No region remembers anything: the copy alone shows that the log went back."""
    replicator = Replicator(projection)
    replicator.log.marks, replicator.copy.marks = [at(1)], [at(1), at(2)]
    await replicator.look()
    replicator.hear(Known())
    await replicator.applied(0, 1)
    state = await replicator.look()
    assert (state.is_current, state.known) == (False, {US: Had(EPOCH, at(2).sequence, EU)})


async def test_a_log_that_differs_from_what_others_applied_is_not_current_until_it_agrees(
    projection: Projection,
) -> None:
    """However far beyond that event it has got."""
    replicator = Replicator(projection)
    await replicator.current()
    right, forked = [at(1), at(2)], [at(1), at(2, "other"), at(3, "other")]
    replicator.log.marks = forked
    await replicator.applied(0, 3)
    replicator.hear(Known(), applied=at(2))
    state = await replicator.look()
    assert (state.is_current, state.contradicted) == (False, Contradiction(at(2), EU))
    replicator.hear(Known())
    assert not (await replicator.look()).is_current

    replicator.log.marks = right
    state = await replicator.look()
    assert (state.vector, state.contradicted) == ({}, None), "what is there is of another log"
    await replicator.applied(0, 2)
    assert (await replicator.current()).vector == {US: at(2)}


async def test_the_wait_for_an_unreachable_region_is_short(
    projection: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_module, "OTHERS_SECONDS", 0.0)
    replicator = Replicator(projection)
    await replicator.look()
    assert (await replicator.look()).is_current


async def test_once_a_forked_log_is_repaired_its_marks_of_that_time_are_not_required(projection: Projection) -> None:
    """Log and Redis were put back together: nothing here shows that there was a fork, and the other region knows."""
    replicator = Replicator(projection)
    await replicator.current()
    replicator.log.marks = [at(1), at(2)]
    await replicator.applied(0, 2)
    forked = Known(0, {US: at(5, "other")}, contradicted=at(2))
    replicator.hear(forked, applied=at(2))
    state = await replicator.look()
    assert (state.vector, state.known) == ({}, {}), "it begins another history"

    await replicator.applied(0, 2)
    replicator.hear(forked, applied=at(2))
    state = await replicator.current()
    assert (state.vector, state.known) == ({US: at(2)}, {})


async def test_the_marks_of_a_log_that_is_still_forked_are_required(projection: Projection) -> None:
    replicator = Replicator(projection)
    await replicator.current()
    replicator.log.marks = [at(1), at(2, "other")]
    await replicator.applied(0, 1)
    replicator.hear(Known(0, {US: at(5, "other")}, contradicted=at(2)))
    state = await replicator.look()
    assert (state.is_current, state.known) == (False, {US: Had(EPOCH, at(5).sequence, EU)})


async def test_a_contradiction_ends_once_the_contradicting_region_agrees_with_the_log(
    projection: Projection,
) -> None:
    """It had copied a branch that is gone, and was rebuilt from the right log."""
    replicator = Replicator(projection)
    await replicator.current()
    replicator.log.marks = [at(1), at(2)]
    await replicator.applied(0, 2)
    replicator.hear(Known(), applied=at(2, "other"))
    assert (await replicator.look()).contradicted == Contradiction(at(2, "other"), EU)
    assert (await replicator.look()).contradicted == Contradiction(at(2, "other"), EU)

    replicator.hear(Known(), applied=at(2), incarnation="2:ab:7:y")
    replicator.copy.marks = [at(1), at(2, "other")]
    assert (await replicator.look()).contradicted is not None, "it has it still"
    replicator.copy.marks = [at(1), at(2)]
    assert (await replicator.look()).contradicted is None
    await replicator.applied(0, 2)
    assert (await replicator.current()).vector == {US: at(2)}


async def test_an_emptied_redis_continues_in_the_history_that_others_know(projection: Projection, raw: Raw) -> None:
    """Otherwise a region that knows a later history would remember nothing that this one applies from now on."""
    replicator = Replicator(projection)
    await replicator.current()
    await raw.flushall()
    replicator.hear(Known(7))
    state = await replicator.current()
    assert history_of(state.incarnation) == 7
    await replicator.applied(0, 1)
    assert replicator.evidence.of(US) == Known(7, {US: at(1)})


async def test_a_region_that_copied_more_of_a_branch_than_the_log_has_contradicts_it_until_it_is_mended(
    projection: Projection,
) -> None:
    """Its marks of the branch are beyond the log's end: that they are of another one shows where the log ends."""
    replicator = Replicator(projection)
    await replicator.current()
    replicator.log.marks = [at(1), at(2)]
    replicator.copy.marks = [at(1), at(2, "other"), at(3, "other")]
    await replicator.applied(0, 2)
    replicator.hear(Known(), applied=at(3, "other"))
    assert (await replicator.look()).contradicted == Contradiction(at(2, "other"), EU)

    replicator.copy.marks = [at(1), at(2)]
    replicator.hear(Known(), applied=at(2), incarnation="2:ab:7:y")
    state = await replicator.look()
    assert (state.contradicted, state.known) == (None, {})
    await replicator.applied(0, 2)
    assert (await replicator.current()).vector == {US: at(2)}


async def test_another_regions_damaged_copy_does_not_end_the_proof(projection: Projection) -> None:
    replicator = Replicator(projection)
    replicator.copy.flaw = "it ends at 5 and has no message 5"
    assert (await replicator.current()).is_current
