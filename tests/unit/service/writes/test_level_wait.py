"""A log in doubt allows no promise: neither a 201 nor the state `committed`."""

import asyncio
from typing import Any, cast

import pytest

from adapters.projection import View
from core.consistency import Level
from core.positions import Mark, Position, Region, Sequence
from core.stamps import NEVER
from core.topology import RegionConfig, Topology
from service.request.context import Wait, WriteRequest
from service.request.errors import TimedOut
from service.request.shown import Refused
from service.watermarks.deadlines import Deadlines
from service.watermarks.waiters import Waiters
from service.writes.batch import Accepted, Proposal
from service.writes.command_handler import CommandHandler
from service.writes.level_wait import LevelWait
from service.writes.log_state import LogState
from tests.unit.service.asked_by import asked_by
from tests.unit.service.writes.proposals import EPOCH, HERE, ORGANIZATION, a_webhook

THERE = Region("asia-japan")
FORKED = "forked: asia-japan has applied another message 7"
SECONDS = 0.2


class Scene:
    """A region whose log takes every event at once, at place 7."""

    def __init__(self) -> None:
        anything = cast("Any", None)
        self.log_state = LogState(tail_events_max=anything)
        self.waiters = Waiters()
        deadlines = Deadlines(self.waiters)
        topology = Topology({region: RegionConfig(nats=[], redis="") for region in (HERE, THERE)})
        self.writing = CommandHandler(
            here=HERE,
            projection_reader=cast("Any", self),
            log_state=self.log_state,
            writer=cast("Any", self),
            event_lookup=anything,
            deletions=anything,
            level_wait=LevelWait(HERE, topology=topology, log_state=self.log_state, deadlines=deadlines),
            deadlines=deadlines,
            why_no_restricted_keys=str,
            append_seconds=1,
            now_milliseconds=lambda: 0,
        )

    async def read(self, *_: object, **__: object) -> View:
        return View(vector={}, clock=NEVER, registers={})

    def submit(self, proposal: Proposal) -> None:
        proposal.settle(Accepted(Position(HERE, EPOCH, Sequence(7)), {}))

    async def write(self, level: Level = Level.ALL_REGIONS) -> float:
        """Write. Returns how many seconds that took. Raises why the write was refused."""
        begin = asyncio.get_running_loop().time()
        wait = Wait(level=level, timeout_seconds=1, deadline=begin + SECONDS)
        by = asked_by(organization_id=ORGANIZATION)
        request = WriteRequest(caller=by.caller, timing=by.timing, held=by.held, asked={}, wait=wait)
        try:
            _, until_reached = await self.writing.write(a_webhook("w1"), request)
            await until_reached
        except Refused as refused:
            raise refused.why from refused
        return asyncio.get_running_loop().time() - begin

    def applied_in(self, *regions: Region) -> None:
        for region in regions:
            self.waiters.heard(region, "first", {HERE: Mark(EPOCH, Sequence(7), "f")}, is_current=True)

    def doubt(self, alarm: str) -> None:
        self.log_state.reading_alarm = alarm


@pytest.fixture
async def scene() -> Scene:
    return Scene()


async def test_an_event_in_a_sound_log_is_committed_and_done_once_it_is_everywhere(scene: Scene) -> None:
    with pytest.raises(TimedOut) as late:
        await scene.write()
    assert (late.value.is_committed, late.value.doubt) == (True, "")
    scene.applied_in(HERE, THERE)
    assert await scene.write() < SECONDS


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("regions", [[], [HERE], [HERE, THERE]])
async def test_an_event_in_a_log_in_doubt_is_unknown_at_the_deadline(
    scene: Scene, level: Level, regions: list[Region]
) -> None:
    scene.applied_in(*regions)
    scene.doubt(FORKED)
    begin = asyncio.get_running_loop().time()
    with pytest.raises(TimedOut) as late:
        await scene.write(level)
    assert asyncio.get_running_loop().time() - begin >= SECONDS
    assert (late.value.is_committed, late.value.doubt, late.value.acknowledged) == (False, FORKED, [])


async def test_a_doubt_that_ends_before_the_deadline_does_not_count(scene: Scene) -> None:
    scene.applied_in(HERE, THERE)
    scene.doubt(FORKED)
    asyncio.get_running_loop().call_later(SECONDS / 2, scene.doubt, "")
    await scene.write()


async def test_an_event_in_a_log_that_was_replaced_is_unknown(scene: Scene) -> None:
    """The new log may have grown past the place since, and every region may have applied that."""

    def replace() -> None:
        scene.log_state.reading += 1
        scene.applied_in(HERE, THERE)

    asyncio.get_running_loop().call_later(SECONDS / 2, replace)
    with pytest.raises(TimedOut) as late:
        await scene.write()
    assert (late.value.is_committed, late.value.doubt) == (False, "this region's log was put back since")


@pytest.mark.parametrize("alarm", ["undecodable: message 7: no", "unexpected: ValueError: what"])
async def test_an_alarm_about_one_event_does_not_put_the_log_in_doubt(scene: Scene, alarm: str) -> None:
    scene.applied_in(HERE, THERE)
    scene.doubt(alarm)
    assert await scene.write() < SECONDS
