"""Fills a region's log without its service: valid events, appended in atomic batches through the adapters."""

import asyncio
import secrets
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from adapters.batches import BATCH_EVENTS_MAX
from adapters.connection import open_connection
from adapters.event_log import Append, Entry, EventLog
from bench.errors import Unmeasured
from bench.population import Owned
from bench.regions import Regions
from core.codec import encode
from core.events import ADMINISTRATOR, Envelope
from core.operations import NONCE_BITS, batch_name, log_code, operation_id
from core.positions import Epoch, Region
from core.positions import Sequence as EventSequence
from core.stamps import NEVER, Clock, render, tick
from core.subjects import subject_of
from core.topology import parse_topology
from runtime.credentials import read_credentials

UNAPPLIED_MAX = 5_000
"""How many events may wait for the replicator: half of what a service tolerates by default."""

CONNECT_SECONDS_MAX = 5.0


def fill(
    regions: Regions, events: Iterable[Owned], *, settle: Callable[[], None], report: Callable[[int], None]
) -> None:
    """Append `events` to the log of the first region. `settle` returns once everything is applied everywhere.

    `report` receives the number of events so far. Raises `Unmeasured`.
    """
    asyncio.run(_fill(regions, iter(events), settle=settle, report=report))


async def _fill(
    regions: Regions, events: Iterator[Owned], *, settle: Callable[[], None], report: Callable[[int], None]
) -> None:
    here = Region(regions.names[0])
    filled, clock = 0, NEVER
    async with open_connection(_servers(regions, here), name="bench") as connection:
        await asyncio.wait_for(connection.session(), CONNECT_SECONDS_MAX)
        log = EventLog(connection, here)
        while chunk := list(islice(events, UNAPPLIED_MAX)):
            clock = await _append(log, chunk, after=clock)
            await asyncio.to_thread(settle)  # The connection answers NATS's pings meanwhile.
            filled += len(chunk)
            report(filled)


async def _append(log: EventLog, chunk: Sequence[Owned], *, after: Clock) -> Clock:
    """Append some events, with clocks above `after`. Returns the last clock."""
    info = await log.describe()
    last, clock = info.last_sequence, after
    for start in range(0, len(chunk), BATCH_EVENTS_MAX):
        batch = chunk[start : start + BATCH_EVENTS_MAX]
        entries, clock = _entries(batch, log.origin, info.epoch, last, clock)
        outcome, why = await log.append(entries, after=last)
        if outcome is not Append.STORED:
            raise Unmeasured(f"the log did not take the events: {outcome.name} {why}")
        last = EventSequence(last + len(batch))
    return clock


def _entries(
    batch: Sequence[Owned], origin: Region, epoch: Epoch, last: EventSequence, clock: Clock
) -> tuple[list[Entry], Clock]:
    now_milliseconds = time.time_ns() // 1_000_000
    name = batch_name(now_milliseconds=now_milliseconds, nonce=secrets.randbits(NONCE_BITS))
    code, begin = log_code(origin, epoch), EventSequence(last + 1)
    entries = []
    for number, owned in enumerate(batch):
        clock = tick(now_milliseconds=now_milliseconds, seen=clock)
        envelope = Envelope(
            operation_id=operation_id(
                owned.organization_id,
                batch=name,
                log=code,
                batch_start=begin,
                sequence=EventSequence(begin + number),
            ),
            organization_id=owned.organization_id,
            clock=render(clock),
            event=owned.event,
            author=ADMINISTRATOR,
        )
        entries.append(Entry(subject_of(origin, epoch, owned.event), encode(envelope)))
    return entries, clock


def _servers(regions: Regions, here: Region) -> list[str]:
    """The region's NATS, with the login of its service."""
    region = regions.status.regions[0]
    topology = parse_topology(tomllib.loads(Path(region.topology).read_text(encoding="utf-8")), here=here)
    credentials = read_credentials(Path(regions.status.data) / here / "service.toml")
    return credentials.into(topology).regions[here].nats
