"""What this region's logs show of an operation: it happened, it never will, or the outcome is unknown."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from adapters.errors import LogMissing, Unavailable
from adapters.follower import Stored
from adapters.log_info import LogInfo
from core.codec import encode
from core.events import Envelope, WebhookDeleted
from core.operations import batch_name, log_code, operation_id, operation_in
from core.positions import Epoch, Mark, Region, Sequence, Vector
from core.stamps import Clock, Stamp, render, stamp
from core.subjects import subject_of
from service.reads.event_lookup import Absent, EventLookup, Found
from service.reads.local_logs import LocalLogs
from service.request.errors import RegionUnavailable
from service.watermarks.deadlines import Deadlines
from service.watermarks.waiters import Waiters

HERE, THERE = Region("us-iowa"), Region("asia-japan")
NOW, OLD = Epoch("now"), Epoch("old")
ORGANIZATION, ANOTHER = "o1", "o2"
OURS, THEIRS = (batch_name(now_milliseconds=1_800_000_000_000, nonce=nonce) for nonce in (1, 2))
APPLIED: Vector = {HERE: Mark(NOW, Sequence(1), "f")}


def an_id(
    sequence: int, *, start: int | None = None, batch: int = OURS, epoch: Epoch = NOW, origin: Region = HERE
) -> str:
    return operation_id(
        ORGANIZATION,
        batch=batch,
        log=log_code(origin, epoch),
        batch_start=Sequence(sequence if start is None else start),
        sequence=Sequence(sequence),
    )


def event(operation: str, sequence: int, *, epoch: Epoch = NOW) -> Stored:
    fact = WebhookDeleted("w1")
    envelope = Envelope(operation, ORGANIZATION, render(Clock(sequence)), fact)
    return Stored(Sequence(sequence), subject_of(HERE, epoch, fact), encode(envelope))


class Log:
    """A log that has `events`, or does not answer."""

    def __init__(self, events: Mapping[int, Stored] | None = None, *, error: Exception | None = None) -> None:
        self._events = events or {}
        self._error = error
        self.descriptions = 0

    async def event_at(self, sequence: Sequence) -> Stored | None:
        if self._error is not None:
            raise self._error
        return self._events.get(sequence)

    async def describe(self) -> LogInfo:
        self.descriptions += 1
        if self._error is not None:
            raise self._error
        return LogInfo(NOW, Sequence(len(self._events)), ancestors=((OLD, Sequence(3)),))


async def looked_up(text: str, here: Log, there: Log | None = None, vector: Vector = APPLIED) -> Found | Absent:
    logs: Any = {HERE: here, THERE: there or Log()}
    operation = operation_in(text, ORGANIZATION)
    assert operation is not None
    lookup = EventLookup(LocalLogs(logs), Deadlines(Waiters()))
    return await lookup.look_up(text, operation, vector, deadline=asyncio.get_running_loop().time() + 20)


async def test_an_operation_whose_event_is_at_its_place_is_found() -> None:
    found = await looked_up(an_id(7, start=5), Log({7: event(an_id(7, start=5), 7)}))
    assert isinstance(found, Found)
    assert (found.position.origin, found.position.epoch, found.position.sequence) == (HERE, NOW, 7)


async def test_an_operation_never_happened_if_another_event_is_at_its_place() -> None:
    assert await looked_up(an_id(7), Log({7: event(an_id(7, batch=THEIRS), 7)})) is Absent.NEVER


async def test_an_operation_whose_batch_lost_its_place_never_happened_even_if_its_own_place_is_free() -> None:
    assert await looked_up(an_id(7, start=5), Log({5: event(an_id(5, batch=THEIRS), 5)})) is Absent.NEVER


async def test_an_operation_whose_batch_is_being_stored_is_not_there_yet() -> None:
    assert await looked_up(an_id(7, start=5), Log({5: event(an_id(5, start=5), 5)})) is Absent.NOT_YET


@pytest.mark.parametrize("start", [5, 7])
async def test_an_operation_whose_place_and_batch_place_are_free_may_still_land(start: int) -> None:
    assert await looked_up(an_id(7, start=start), Log({4: event(an_id(4), 4)})) is Absent.NOT_YET


async def test_an_event_at_the_place_of_an_older_epoch_does_not_show_what_was_there() -> None:
    text = an_id(7, start=5, epoch=OLD)
    for events in ({7: event(an_id(7), 7)}, {5: event(an_id(5), 5)}):
        assert await looked_up(text, Log(events)) is Absent.LOST
    assert await looked_up(an_id(2, epoch=OLD), Log({2: event(an_id(2, epoch=OLD), 2, epoch=OLD)})) is not Absent.LOST


async def test_an_id_without_a_local_log_is_lost_unless_a_log_is_missing_here() -> None:
    text = an_id(7, epoch=Epoch("nobody's"))
    assert await looked_up(text, Log()) is Absent.LOST
    for error in (LogMissing("x"), Unavailable("x")):
        assert await looked_up(text, Log(), Log(error=error)) is Absent.NOT_YET


async def test_a_missing_copy_has_no_event_yet_and_a_log_that_does_not_answer_is_unavailable() -> None:
    assert await looked_up(an_id(7), Log(error=LogMissing("x"))) is Absent.NOT_YET
    with pytest.raises(RegionUnavailable):
        await looked_up(an_id(7), Log(error=Unavailable("x")))


async def test_any_number_of_concurrent_requests_describe_a_log_once() -> None:
    log = Log()
    logs: Any = {HERE: log}
    local = LocalLogs(logs)
    assert await asyncio.gather(*(local.describe(HERE) for _ in range(100))) == [await local.describe(HERE)] * 100
    assert log.descriptions == 1


def stamped(sequence: int, *, clock: int | None = None, origin: Region = HERE) -> Stamp:
    return stamp(render(Clock(sequence if clock is None else clock)), origin, Sequence(sequence))


async def stood(wanted: Stamp, here: Log) -> Found | None:
    logs: Any = {HERE: here, THERE: Log()}
    lookup = EventLookup(LocalLogs(logs), Deadlines(Waiters()))
    return await lookup.event_with(wanted, deadline=asyncio.get_running_loop().time() + 20)


async def test_the_event_of_a_stamp_is_found_at_the_place_that_the_stamp_names() -> None:
    found = await stood(stamped(7), Log({7: event(an_id(7), 7)}))
    assert found is not None
    assert (found.position.origin, found.position.epoch, found.position.sequence) == (HERE, NOW, 7)
    assert found.envelope.operation_id == an_id(7)


async def test_an_event_of_another_clock_at_that_place_is_another_event() -> None:
    assert await stood(stamped(7, clock=8), Log({7: event(an_id(7), 7)})) is None


async def test_a_stamp_whose_event_is_not_here_yields_none_and_a_silent_log_is_unavailable() -> None:
    assert await stood(stamped(7), Log()) is None
    assert await stood(stamped(7), Log(error=LogMissing("x"))) is None
    assert await stood(stamped(7, origin=Region("elsewhere")), Log({7: event(an_id(7), 7)})) is None
    with pytest.raises(RegionUnavailable):
        await stood(stamped(7), Log(error=Unavailable("x")))
