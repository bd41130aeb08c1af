"""Ship one remote origin's log into this region's copy, with the same events and sequences."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from opentelemetry.trace import Tracer

from adapters.batches import batch_of
from adapters.errors import EpochChanged, Forked, Incomplete, Interrupted, LogMissing, TooLarge, Unavailable
from adapters.event_log import Append, Entry, EventLog
from adapters.follower import Stored
from core.codec import clock_text_in
from core.frames import events_in
from core.positions import NOTHING, Arrival, Mark, Region, classify
from replicator import metrics
from replicator.status import Status, Step
from replicator.traces import record_step
from runtime.tracing import OFF

REFUSED_PAUSE_SECONDS = 0.1
PROPOSED_PAUSE_SECONDS = 0.05

COPY_CHECK_SECONDS = 5.0
"""How often a copy without new events is described, in case it has lost some."""

COPY = "this region's copy of the log"


class Shipper:
    """Ships one origin into the copy. Several may work on one copy, since each place takes one event."""

    def __init__(
        self,
        origin: Region,
        *,
        source: EventLog,
        copy: EventLog,
        replicas: int,
        status: Status,
        forked: Callable[[Region, Mark], None],
        now_milliseconds: Callable[[], int],
        tracer: Tracer = OFF,
    ) -> None:
        self._origin = origin
        self._source = source
        self._copy = copy
        self._replicas = replicas
        self._status = status
        self._forked = forked
        self._now_milliseconds = now_milliseconds
        self._measures = metrics.Shipping(origin)
        self._tracer = tracer

    async def run(self) -> None:
        """Ship from the last event of the copy on, and raise when something is in doubt."""
        try:
            await self._ship()
        except Forked as error:
            self._forked(self._origin, error.known)
            raise

    async def _ship(self) -> None:
        end = await self._open_copy()
        async with self._source.follow(end) as follower:
            copy = await self._copy.describe()
            if copy.epoch != follower.epoch:
                raise EpochChanged(self._origin, known=copy.epoch, found=follower.epoch)
            if copy.flaw:
                raise Incomplete(self._origin, copy.flaw, what=COPY)
            checked_at = monotonic()
            while True:
                events = await follower.heard()
                if not events and monotonic() >= checked_at + COPY_CHECK_SECONDS:
                    await self._check_copy(end)
                    checked_at = monotonic()
                while events:
                    batch = batch_of(events)
                    end = await self._append(batch, end)
                    events = events[len(batch) :]
                self._status.following(Step.SHIP, self._origin)

    async def _open_copy(self) -> Mark:
        try:
            return await self._copy.end()
        except LogMissing:
            origin = await self._source.describe()
            await self._copy.create(origin.epoch, replicas=self._replicas, ancestors=origin.ancestors)
            return await self._copy.end()

    async def _check_copy(self, end: Mark) -> None:
        """Raise if the copy has lost events. Without an append no other check would notice that."""
        found = (await self._copy.describe()).last_sequence
        if found < end.sequence:
            raise Interrupted(f"the copy ends at {found}, and ended at {end.sequence}")

    async def _append(self, events: Sequence[Stored], end: Mark) -> Mark:
        """The end of the copy once it has `events`, which are consecutive."""
        while pending := self._beyond(end, events):
            entries = [Entry(event.subject, event.data, event.traceparent) for event in pending]
            outcome, why = await self._copy.append(entries, after=end.sequence)
            match outcome:
                case Append.STORED:
                    self._measures.shipped(
                        events=sum(events_in(one.subject, one.data) for one in pending),
                        clock_text=clock_text_in(pending[0].data),
                        now_milliseconds=self._now_milliseconds(),
                    )
                    self._status.progressed(Step.SHIP, self._origin)
                    record_step(self._tracer, Step.SHIP, self._origin, pending)
                    return pending[-1].mark()
                case Append.PLACE_TAKEN:
                    before, end = end, await self._copy.end()
                    if end == before:
                        # In a replicated copy a proposed event takes the place, and becomes visible a moment later.
                        await asyncio.sleep(PROPOSED_PAUSE_SECONDS)
                case Append.REFUSED:
                    await asyncio.sleep(REFUSED_PAUSE_SECONDS)
                    raise Unavailable(f"the copy refused a batch: {why}")
                case Append.NOT_AS_A_BATCH:
                    for event in pending:
                        end = await self._append([event], end)
                    return end
                case Append.TOO_LARGE:
                    raise TooLarge(f"{COPY} cannot take message {pending[0].sequence}: {why}")
                case Append.UNANSWERED:
                    raise Unavailable(f"the copy does not answer: {why}")
        return end

    def _beyond(self, end: Mark, events: Sequence[Stored]) -> Sequence[Stored]:
        """The part of `events` that a copy which ends at `end` lacks."""
        for index, event in enumerate(events):
            match classify(known=end, incoming=event.mark()) if event.sequence >= end.sequence else Arrival.DUPLICATE:
                case Arrival.NEXT:
                    return events[index:]
                case Arrival.GAP:
                    raise Interrupted(f"the copy ends at {end.sequence}, and {event.sequence} is next")
                case Arrival.FORKED if end.sequence != NOTHING:
                    raise Forked(self._origin, known=end)
                case Arrival.DUPLICATE | Arrival.FORKED:
                    continue
        return ()
