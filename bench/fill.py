"""Fills a region's log without its service: valid events, appended in frames through the adapters."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from adapters.connection import open_connection
from adapters.event_log import Append, Entry, EventLog
from bench.errors import Unmeasured
from bench.population import Owned
from bench.regions import Regions
from bench.servers import servers_of
from core.events import Envelope
from core.frames import EVENTS_MAX, decode_message, encode_entry, encode_frame
from core.operations import NONCE_BITS, batch_name
from core.positions import NOTHING, Epoch, Region
from core.positions import Sequence as EventSequence
from core.stamps import NEVER, Clock, render, tick
from core.subjects import frames_of

UNAPPLIED_MAX = 5_000
"""How many events may wait for the replicator: half of what a service tolerates by default."""

CONNECT_SECONDS_MAX = 5.0


def fill(
    regions: Regions,
    events: Iterable[Owned],
    *,
    settle: Callable[[], None],
    report: Callable[[int], None],
    region: str | None = None,
    frame_events: int = EVENTS_MAX,
) -> None:
    """Append `events` to the log of `region`, or of the first region, in frames of `frame_events`.

    `settle` returns once everything is applied. `report` receives the number of events so far. Raises `Unmeasured`.
    """
    filling = _fill(regions, region or regions.names[0], iter(events), frame_events, settle=settle, report=report)
    asyncio.run(filling)


async def _fill(
    regions: Regions,
    region: str,
    events: Iterator[Owned],
    frame_events: int,
    *,
    settle: Callable[[], None],
    report: Callable[[int], None],
) -> None:
    filled, clock = 0, NEVER
    async with open_connection(servers_of(regions, region).nats, name="bench") as connection:
        await asyncio.wait_for(connection.session(), CONNECT_SECONDS_MAX)
        log = EventLog(connection, Region(region))
        while chunk := list(islice(events, UNAPPLIED_MAX)):
            clock = await _append(log, chunk, frame_events, after=clock)
            await asyncio.to_thread(settle)  # The connection answers NATS's pings meanwhile.
            filled += len(chunk)
            report(filled)


async def _append(log: EventLog, chunk: Sequence[Owned], frame_events: int, *, after: Clock) -> Clock:
    """Append some events, with clocks above `after`. Returns the last clock."""
    info = await log.describe()
    last, count, clock = info.last_sequence, await _count(log, info.last_sequence), after
    for start in range(0, len(chunk), frame_events):
        events = chunk[start : start + frame_events]
        count += len(events)
        clock = tick(now_milliseconds=time.time_ns() // 1_000_000, seen=clock)
        outcome, why = await log.append([_frame(events, log.origin, info.epoch, clock, count)], after=last)
        if outcome is not Append.STORED:
            raise Unmeasured(f"the log did not take the events: {outcome.name} {why}")
        last, clock = EventSequence(last + 1), Clock(clock + len(events) - 1)
    return clock


async def _count(log: EventLog, last: EventSequence) -> int:
    """How many events the log has up to its last message. Before that, it has one event a message."""
    stored = None if last == NOTHING else await log.event_at(last)
    if stored is None:
        return 0
    message = decode_message(log.origin, last, stored.subject, stored.data, counted=last - 1)
    return message.mark.count


def _frame(events: Sequence[Owned], origin: Region, epoch: Epoch, clock: Clock, count: int) -> Entry:
    """A frame of `events`, of which the first has `clock`."""
    now_milliseconds = time.time_ns() // 1_000_000
    entries = [
        encode_entry(Envelope("", owned.organization_id, render(clock), owned.event, author=owned.author))
        for owned in events
    ]
    batch = batch_name(now_milliseconds=now_milliseconds, nonce=secrets.randbits(NONCE_BITS))
    return Entry(frames_of(origin, epoch), encode_frame(entries, clock=clock, batch=batch, count=count))
