import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer
from prometheus_client import REGISTRY

from adapters.batches import BATCH_BYTES_MAX, BATCH_EVENTS_MAX, ONE_BY_ONE_MAX, batch_of
from adapters.errors import Forked, Incomplete, Interrupted, TooLarge
from adapters.event_log import Append, Entry, EventLog
from adapters.follower import Stored
from adapters.log_info import LogInfo
from core.positions import BEGINNING, Epoch, Mark, Region
from core.positions import Sequence as EventSequence
from replicator import ship as ship_module
from replicator.ship import PROPOSED_PAUSE_SECONDS, Shipper
from replicator.status import Status
from runtime.tracing import OFF

ORIGIN, EPOCH = Region("us-iowa"), Epoch("k3v9x2")


def stored(count: int, size: int = 1) -> list[Stored]:
    subject = f"events.{ORIGIN}.{EPOCH}.webhook_created.v1"
    return [Stored(EventSequence(number), subject, b"." * size) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (0, 1, 0),
        (1, 1, 1),
        (ONE_BY_ONE_MAX, 1, 1),
        (ONE_BY_ONE_MAX + 1, 1, ONE_BY_ONE_MAX + 1),
        (2_000, 1, BATCH_EVENTS_MAX),
        (2_000, 64 * 1024, 64),
        (100, 64 * 1024 + 1, 63),
        (100, BATCH_BYTES_MAX, 1),
        (100, BATCH_BYTES_MAX + 1, 1),
    ],
)
def test_a_batch_is_bounded_by_events_and_by_bytes_and_is_never_of_none(count: int, size: int, expected: int) -> None:
    waiting = stored(count, size)
    assert batch_of(waiting) == waiting[:expected]


class Copy:
    """A copy in memory. Its place is taken as often as it is told, by something that does not show."""

    epoch = EPOCH

    def __init__(self, events: Sequence[Stored] = (), *, taken: int = 0) -> None:
        self.events: list[Stored] = []
        self.coming = list(events)
        self.taken = taken
        self.flaw = ""
        self.event_bytes_max = 2**20
        self.batches: list[int] = []
        self.times: list[float] = []
        self.described = self.listened = 0

    async def describe(self) -> LogInfo:
        self.described += 1
        return LogInfo(EPOCH, EventSequence(len(self.events)), flaw=self.flaw)

    async def end(self) -> Mark:
        return self.events[-1].mark() if self.events else BEGINNING

    async def append(self, entries: Sequence[Entry], *, after: EventSequence) -> tuple[Append, str]:
        self.times.append(asyncio.get_running_loop().time())
        if self.taken:
            self.taken -= 1
            return Append.PLACE_TAKEN, "(10164)"
        assert after == len(self.events)
        if len(entries) > 1 and any(len(entry.data) > self.event_bytes_max for entry in entries):
            return Append.NOT_AS_A_BATCH, "(10176)"
        if len(entries[0].data) > self.event_bytes_max:
            return Append.TOO_LARGE, "takes at most 5"
        self.batches.append(sum(len(entry.data) for entry in entries))
        self.events += [Stored(EventSequence(after + number), *entry) for number, entry in enumerate(entries, start=1)]
        return Append.STORED, ""

    @asynccontextmanager
    async def follow(self, known: Mark) -> AsyncIterator["Copy"]:
        self.coming = self.coming[known.sequence :]
        yield self

    async def heard(self) -> list[Stored]:
        self.listened += 1
        await asyncio.sleep(0.001)
        events, self.coming = self.coming, []
        return events


def now() -> int:
    return 0


def a_shipper(
    source: Copy,
    copy: Copy,
    *,
    tracer: Tracer = OFF,
    forked: Callable[[Region, Mark], None] = lambda origin, mark: None,  # noqa: ARG005 - not used here
) -> Shipper:
    return Shipper(
        ORIGIN,
        source=log(source),
        copy=log(copy),
        replicas=1,
        status=Status(),
        forked=forked,
        now_milliseconds=now,
        tracer=tracer,
    )


async def shipped(source: Copy, copy: Copy, tracer: Tracer = OFF) -> None:
    """Return once the copy has everything."""
    expected = [event._replace(heard_nanoseconds=0) for event in source.coming]
    shipper = a_shipper(source, copy, tracer=tracer)
    living = asyncio.create_task(shipper.run())
    async with asyncio.timeout(5):
        while copy.events != expected:
            await asyncio.sleep(0.001)
    living.cancel()
    with pytest.raises(asyncio.CancelledError):
        await living


def log(copy: Copy) -> EventLog:
    return cast("EventLog", cast("Any", copy))


async def test_large_events_are_shipped_in_batches_of_bounded_bytes() -> None:
    copy = Copy()
    await shipped(Copy(stored(200, 64 * 1024)), copy)
    assert len(copy.batches) == 11, "three whole ones, then eight one by one"
    assert max(copy.batches) <= BATCH_BYTES_MAX


async def test_a_span_begins_when_its_event_was_heard_also_if_others_are_shipped_before_it() -> None:
    coming = [
        event._replace(traceparent=f"00-{event.sequence:032x}-{1:016x}-01", heard_nanoseconds=1_000 + event.sequence)
        for event in stored(3)
    ]
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    await shipped(Copy(coming), Copy(), provider.get_tracer("crosshook"))
    spans = [(span.context.trace_id, span.start_time) for span in exporter.get_finished_spans()]
    assert spans == [(number, 1_000 + number) for number in (1, 2, 3)]


async def test_a_place_that_something_unseen_takes_is_tried_again_after_a_pause() -> None:
    copy = Copy(taken=3)
    await shipped(Copy(stored(1)), copy)
    pauses = [after - before for before, after in zip(copy.times, copy.times[1:], strict=False)]
    assert len(pauses) == 3
    assert min(pauses) >= PROPOSED_PAUSE_SECONDS * 0.9


async def test_a_copy_that_lost_its_events_is_filled_again_although_nothing_new_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ship_module, "COPY_CHECK_SECONDS", 0.1)
    source, copy = Copy(stored(12)), Copy()
    shipper = a_shipper(source, copy)
    living = asyncio.create_task(shipper.run())
    async with asyncio.timeout(5):
        while len(copy.events) < 12:
            await asyncio.sleep(0.001)
        del copy.events[4:]
        with pytest.raises(Interrupted, match="the copy ends at 4, and ended at 12"):
            await living


async def test_a_quiet_copy_is_described_once_in_a_while_and_not_after_each_heartbeat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ship_module, "COPY_CHECK_SECONDS", 0.1)
    source, copy = Copy(), Copy()
    living = asyncio.create_task(a_shipper(source, copy).run())
    async with asyncio.timeout(5):
        while copy.described < 4:
            await asyncio.sleep(0.001)
    living.cancel()
    assert source.listened > 10 * copy.described


async def test_a_copy_that_lacks_events_is_appended_to_no_further_and_is_named() -> None:
    copy = Copy()
    copy.flaw = "it begins at message 5"
    shipper = a_shipper(Copy(stored(3)), copy)
    with pytest.raises(Incomplete, match="this region's copy of the log is incomplete: it begins at message 5"):
        await shipper.run()
    assert not copy.events


async def test_an_event_that_the_copy_will_never_take_is_named_and_all_before_it_are_shipped() -> None:
    source, copy = Copy(stored(20)), Copy()
    copy.event_bytes_max = 5
    source.coming[11] = source.coming[11]._replace(data=b"." * 6)
    shipper = a_shipper(source, copy)
    with pytest.raises(TooLarge, match="this region's copy of the log cannot take message 12: takes at most 5"):
        await shipper.run()
    assert [event.sequence for event in copy.events] == [*range(1, 12)]


async def test_the_event_that_the_log_of_an_origin_contradicts_is_told() -> None:
    told: list[tuple[Region, Mark]] = []
    copy, before, another = Copy(), stored(2), stored(2)[1]._replace(data=b"another")
    copy.events = before
    shipper = a_shipper(Copy([*before, another]), copy, forked=lambda *forked: told.append(forked))
    with pytest.raises(Forked):
        await shipper.run()
    assert told == [(ORIGIN, before[1].mark())]


async def test_frames_are_shipped_as_they_are_with_all_of_their_events_counted() -> None:
    """Their events are counted without being known: a copy has also what this version cannot apply."""
    subject = f"events.{ORIGIN}.{EPOCH}.frame.v1"
    frames = [
        Stored(
            EventSequence(number), subject, b'{"clock":"%018x","events":[%s]}' % (number, b",".join([b"{}"] * number))
        )
        for number in range(1, 4)
    ]
    before, copy = counted(), Copy()
    await shipped(Copy(frames), copy)
    assert copy.events == frames
    assert counted() - before == 1 + 2 + 3


def counted() -> float:
    return REGISTRY.get_sample_value("crosshook_shipped_events_total", {"origin": ORIGIN}) or 0.0


async def test_each_traced_event_of_a_frame_has_a_span_in_its_own_trace() -> None:
    trace = "00-{:032x}-0000000000000001-01"
    traces = f"{trace.format(1)},,{trace.format(3)}"
    coming = [stored(1)[0]._replace(traceparent=traces, heard_nanoseconds=1_001)]
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    copy = Copy()
    await shipped(Copy(coming), copy, provider.get_tracer("crosshook"))
    spans = exporter.get_finished_spans()
    assert [(span.context.trace_id, span.start_time) for span in spans] == [(1, 1_001), (3, 1_001)]
    assert [span.attributes["crosshook.sequence"] for span in spans if span.attributes] == [1, 1]
    assert copy.events[0].traceparent == traces, "the next reader of the copy has the same traces"
