"""What this region's logs show of an operation: it happened, it never will, or the outcome is unknown."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.errors import LogMissing, Unavailable
from adapters.follower import Stored
from adapters.log_info import LogInfo
from adapters.projection import View
from core.codec import encode
from core.commands import CreateWebhook
from core.consistency import Level
from core.events import Envelope, IdempotencyKey, WebhookCreated, WebhookDeleted
from core.frames import EVENTS_MAX, LoggedEvent, decode_message, encode_entry, encode_frame
from core.idempotency import record_of, recorded_in
from core.operations import NUMBERS, batch_name, log_code, operation_id, operation_in
from core.positions import Epoch, Mark, Position, Region, Sequence, Vector
from core.stamps import NEVER, Clock, Stamp, render, stamp
from core.subjects import frames_of, subject_of
from service.reads.event_lookup import Absent, EventLookup
from service.reads.local_logs import LocalLogs
from service.request.context import Wait, WriteRequest
from service.request.errors import RegionUnavailable
from service.request.shown import Progress, Result
from service.watermarks.deadlines import Deadlines
from service.watermarks.waiters import Waiters
from service.writes.command_handler import CommandHandler
from tests.unit.service.asked_by import asked_by

HERE, THERE = Region("us-iowa"), Region("asia-japan")
NOW, OLD = Epoch("now"), Epoch("old")
ORGANIZATION, ANOTHER = "o1", "o2"
NOW_MILLISECONDS = 1_800_000_000_000
OURS, THEIRS = (batch_name(now_milliseconds=NOW_MILLISECONDS, nonce=nonce) for nonce in (1, 2))
APPLIED: Vector = {HERE: Mark(NOW, Sequence(1), "f")}


def an_id(sequence: int, number: int = 0, *, batch: int = OURS, epoch: Epoch = NOW, origin: Region = HERE) -> str:
    return operation_id(
        ORGANIZATION, batch=batch, log=log_code(origin, epoch), number=number, sequence=Sequence(sequence)
    )


def frame(
    sequence: int, *, events: int = 3, batch: int = OURS, epoch: Epoch = NOW, organization: str = ORGANIZATION
) -> Stored:
    """A frame of creations with idempotency keys, `k0`, `k1`, …."""
    entries = [
        encode_entry(
            Envelope(
                "",
                organization,
                "",
                WebhookCreated(f"w{number}", name=f"hook {number}", target_url=f"https://w{number}.example.com"),
                "admin",
                IdempotencyKey(f"k{number}", "p"),
            )
        )
        for number in range(events)
    ]
    data = encode_frame(entries, clock=CLOCK, batch=batch, count=sequence - 1 + events)
    return Stored(Sequence(sequence), frames_of(HERE, epoch), data)


CLOCK = Clock(NOW_MILLISECONDS << 24)


def event(operation: str, sequence: int, *, epoch: Epoch = NOW) -> Stored:
    """A message of one event, as versions before frames write it."""
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


async def looked_up(text: str, here: Log, there: Log | None = None, vector: Vector = APPLIED) -> LoggedEvent | Absent:
    logs: Any = {HERE: here, THERE: there or Log()}
    operation = operation_in(text, ORGANIZATION)
    assert operation is not None
    lookup = EventLookup(LocalLogs(logs), Deadlines(Waiters()))
    return await lookup.look_up(text, operation, vector, deadline=asyncio.get_running_loop().time() + 20)


@pytest.mark.parametrize("sequence", [1, 7])
@pytest.mark.parametrize("number", [0, 1, 254, 255])
async def test_an_operation_whose_event_is_in_the_frame_at_its_place_is_found_there(sequence: int, number: int) -> None:
    log = Log({sequence: frame(sequence, events=EVENTS_MAX)})
    found = await looked_up(an_id(sequence, number), log)
    assert isinstance(found, LoggedEvent)
    assert (found.position.origin, found.position.epoch, found.position.sequence) == (HERE, NOW, sequence)
    assert found.number == number
    assert found.operation_id == an_id(sequence, number)
    assert isinstance(found.envelope.event, WebhookCreated)
    assert found.envelope.event.webhook_id == f"w{number}"


@pytest.mark.parametrize("number", [0, 1, 6, 7, 499])
async def test_an_operation_of_a_version_before_frames_is_found_at_its_place_whatever_its_number_in_its_batch(
    number: int,
) -> None:
    """The number of such an id is that of a message in a batch of messages."""
    found = await looked_up(an_id(500, number), Log({500: event(an_id(500, number), 500)}))
    assert isinstance(found, LoggedEvent)
    assert (found.position.sequence, found.number, found.operation_id) == (500, 0, an_id(500, number))


@pytest.mark.parametrize("number", [0, 2])
async def test_an_operation_at_whose_place_another_batch_stands_never_happened(number: int) -> None:
    there = [
        frame(7, batch=THEIRS),
        frame(7, events=EVENTS_MAX, batch=THEIRS),
        frame(7, events=number, batch=OURS) if number else frame(7, organization=ANOTHER),
        event(an_id(7, batch=THEIRS), 7),
        event(an_id(7, number, batch=THEIRS), 7),
        event(an_id(7, number + 1), 7),
    ]
    for stored in there:
        assert await looked_up(an_id(7, number), Log({7: stored})) is Absent.NEVER


@pytest.mark.parametrize("number", [0, 2, NUMBERS - 1])
async def test_an_operation_with_nothing_at_its_place_may_still_land_whatever_stands_before_it(number: int) -> None:
    """What stands where a batch of messages would have begun does not show what the id means."""
    for stored in (frame(4), frame(5), event(an_id(5), 5), event(an_id(5, batch=THEIRS), 5)):
        assert await looked_up(an_id(7, number), Log({stored.sequence: stored})) is Absent.NOT_YET


async def test_an_event_of_another_epoch_does_not_show_what_was_at_its_place() -> None:
    for stored in (event(an_id(7), 7), frame(7)):
        assert await looked_up(an_id(7, 1, epoch=OLD), Log({7: stored})) is Absent.LOST
    for stored in (event(an_id(2, 1, epoch=OLD), 2, epoch=OLD), frame(2, epoch=OLD)):
        assert isinstance(await looked_up(an_id(2, 1, epoch=OLD), Log({2: stored})), LoggedEvent)


async def test_a_frame_that_this_version_cannot_decode_shows_nothing_of_any_operation() -> None:
    stored = frame(7)
    for undecodable in (
        stored._replace(data=stored.data[:-1]),
        stored._replace(subject=f"events.{HERE}.{NOW}.frame.v2"),
    ):
        for number in (0, 1, 9):
            with pytest.raises(RegionUnavailable, match="does not know"):
                await looked_up(an_id(7, number), Log({7: undecodable}))


def logged(stored: Stored) -> list[LoggedEvent]:
    return decode_message(HERE, stored.sequence, stored.subject, stored.data, counted=0).events


@pytest.mark.parametrize("number", [0, 1, 254, 255])
async def test_the_record_of_an_idempotency_key_leads_to_its_event_also_in_the_first_frame_of_a_log(
    number: int,
) -> None:
    stored = frame(1, events=EVENTS_MAX)
    record = record_of(logged(stored)[number], now_milliseconds=NOW_MILLISECONDS)
    assert record is not None
    recorded = recorded_in([record.value])
    assert recorded is not None
    found = await looked_up(recorded.operation_id, Log({1: stored}))
    assert isinstance(found, LoggedEvent)
    assert found.envelope.idempotency_key == IdempotencyKey(f"k{number}", "p")


@pytest.mark.parametrize("number", [0, 1, 254, 255])
async def test_a_repeated_write_has_the_outcome_of_its_event_also_in_the_first_frame_of_a_log(number: int) -> None:
    stored = frame(1, events=EVENTS_MAX)
    record = record_of(logged(stored)[number], now_milliseconds=NOW_MILLISECONDS)
    assert record is not None
    view = View(vector={HERE: Mark(NOW, Sequence(1), "f")}, clock=NEVER, registers={}, records=(record.value,))
    logs: Any = {HERE: Log({1: stored})}
    reached: list[tuple[Sequence, str]] = []
    handler = a_handler(view, EventLookup(LocalLogs(logs), Deadlines(Waiters())), reached)
    command = CreateWebhook(ORGANIZATION, "another id", name="hook", target_url="https://again.example.com")
    by = asked_by(organization_id=ORGANIZATION)
    request = WriteRequest(
        caller=by.caller,
        timing=by.timing,
        held=by.held,
        asked={},
        wait=Wait(Level.LOCAL_REGION, 20, asyncio.get_running_loop().time() + 20),
        idempotency_key=IdempotencyKey(f"k{number}", "p"),
    )
    outcome, until_reached = await handler.write(command, request)
    await until_reached
    assert isinstance(outcome, Result)
    written = outcome.value
    assert written.about_id == f"w{number}"
    assert written.fields["name"] == stamped(1, clock=CLOCK + number) + f"hook {number}"
    assert reached == [(Sequence(1), an_id(1, number))]


def a_handler(view: View, event_lookup: EventLookup, reached: list[tuple[Sequence, str]]) -> CommandHandler:
    """A handler whose projection has `view`, and whose log must not be written to. It notes what it waits for."""
    nothing: Any = None

    async def read(*_: object, **__: object) -> View:
        return view

    async def reach(position: Position, _: object, progress: Progress) -> None:
        reached.append((position.sequence, progress.operation_id))

    reader: Any = SimpleNamespace(read=read)
    level_wait: Any = SimpleNamespace(reach=reach)
    return CommandHandler(
        here=HERE,
        projection_reader=reader,
        log_state=nothing,
        writer=nothing,
        event_lookup=event_lookup,
        deletions=nothing,
        level_wait=level_wait,
        deadlines=nothing,
        why_no_restricted_keys=str,
        append_seconds=1,
        now_milliseconds=lambda: NOW_MILLISECONDS,
    )


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


async def stood(wanted: Stamp, here: Log) -> LoggedEvent | None:
    logs: Any = {HERE: here, THERE: Log()}
    lookup = EventLookup(LocalLogs(logs), Deadlines(Waiters()))
    return await lookup.event_with(wanted, deadline=asyncio.get_running_loop().time() + 20)


async def test_the_event_of_a_stamp_is_found_at_the_place_that_the_stamp_names() -> None:
    found = await stood(stamped(7), Log({7: event(an_id(7), 7)}))
    assert found is not None
    assert (found.position.origin, found.position.epoch, found.position.sequence) == (HERE, NOW, 7)
    assert found.operation_id == an_id(7)


async def test_an_event_of_another_clock_at_that_place_is_another_event() -> None:
    assert await stood(stamped(7, clock=8), Log({7: event(an_id(7), 7)})) is None


async def test_each_event_of_a_frame_is_found_by_its_own_stamp_and_none_by_a_later_one() -> None:
    log = Log({7: frame(7)})
    for number in range(3):
        found = await stood(stamped(7, clock=CLOCK + number), log)
        assert found is not None
        assert (found.number, found.operation_id) == (number, an_id(7, number))
    for clock in (CLOCK - 1, CLOCK + 3):
        assert await stood(stamped(7, clock=clock), log) is None


async def test_a_stamp_whose_event_is_not_here_has_none_and_a_log_that_does_not_answer_is_unavailable() -> None:
    assert await stood(stamped(7), Log()) is None
    assert await stood(stamped(7), Log(error=LogMissing("x"))) is None
    assert await stood(stamped(7, origin=Region("elsewhere")), Log({7: event(an_id(7), 7)})) is None
    with pytest.raises(RegionUnavailable):
        await stood(stamped(7), Log(error=Unavailable("x")))
