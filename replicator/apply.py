"""Apply one origin's log, as this region has it, to this region's projection."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from time import monotonic

import structlog
from opentelemetry.trace import Tracer

from adapters.apply_result import Applied, ApplyResult
from adapters.errors import Forked, Interrupted, LogVanished, Unavailable, WentBack
from adapters.event_log import EventLog
from adapters.follower import Stored
from adapters.projection import Projection
from adapters.projection_arguments import Run
from core.codec import Undecodable, decode
from core.idempotency import record_of
from core.positions import BEGINNING, Mark, Position, Region
from core.projection import writes_of
from core.registers import Record, Write
from core.subjects import epoch_in
from replicator import metrics
from replicator.another_history import is_of_another_history
from replicator.retry_policy import StoppedAt
from replicator.status import Status, Step
from replicator.traces import record_step
from runtime.tracing import OFF

log = structlog.get_logger()

RUN_EVENTS_MAX = 128
"""Events in one script call. More would only delay other calls of Redis: 64 already reach 72,000 events/s."""

UNSEEN_PAUSE_SECONDS = 0.02


class Applier:
    """Applies one origin to the projection. Several may work on one projection, since the watermarks decide."""

    def __init__(
        self,
        origin: Region,
        *,
        is_own: bool,
        log: EventLog,
        elsewhere: Collection[EventLog],
        projection: Projection,
        advanced: Callable[[Region, ApplyResult], None],
        status: Status,
        now_milliseconds: Callable[[], int],
        tracer: Tracer = OFF,
    ) -> None:
        self._origin = origin
        self._is_own = is_own
        self._log = log
        self._elsewhere = elsewhere
        self._projection = projection
        self._advanced = advanced
        self._status = status
        self._now_milliseconds = now_milliseconds
        self._measures = metrics.Applying(origin)
        self._tracer = tracer

    async def run(self) -> None:
        """Apply from the projection's watermark on, and raise when something is in doubt.

        A projection that holds events of another history than the logs is rebuilt.
        """
        state = await self._projection.observe()
        applied = known = state.vector.get(self._origin, BEGINNING)
        try:
            async with self._log.follow(known) as follower:
                while True:
                    events = await follower.heard()
                    for start in range(0, len(events), RUN_EVENTS_MAX):
                        known = await self._apply(known, events[start : start + RUN_EVENTS_MAX])
                    self._status.following(Step.APPLY, self._origin)
        except (WentBack, LogVanished) as error:
            if self._is_own:
                raise
            raise Unavailable(f"the copy is being filled again: {error}") from error
        except Forked as error:
            if not await is_of_another_history(applied, log=self._log, elsewhere=self._elsewhere):
                raise
            log.warning("rebuild", origin=self._origin, why=str(error))
            await self._projection.rebuild(state.incarnation)
            raise Interrupted(f"the projection is rebuilt: {error}") from error

    async def _apply(self, known: Mark, events: Sequence[Stored]) -> Mark:
        """The mark of the last of `events`, once it is applied. Events before an undecodable one are applied."""
        writes: list[Write] = []
        records: list[Record] = []
        clock_text, first_clock_text, last = "", "", known
        failure: StoppedAt | None = None
        for event in events:
            position = Position(self._origin, epoch_in(event.subject), event.sequence)
            try:
                envelope = decode(event.data)
            except Undecodable as error:
                failure = StoppedAt(last.sequence, error)
                break
            writes += writes_of(envelope, position)
            if (record := record_of(envelope, position, now_milliseconds=self._now_milliseconds())) is not None:
                records.append(record)
            clock_text, last = max(clock_text, envelope.clock), event.mark()
            first_clock_text = first_clock_text or envelope.clock
        if last is not known:
            result = await self._write(Run(self._origin, known, last, clock_text, writes, records), first_clock_text)
            # The traces of the events that a projection is rebuilt from ended long ago.
            if result.outcome is Applied.APPLIED and result.is_current:
                applied = events[: last.sequence - events[0].sequence + 1]
                record_step(self._tracer, Step.APPLY, self._origin, applied)
        if failure is not None:
            raise failure
        return last

    async def _write(self, run: Run, first_clock_text: str) -> ApplyResult:
        began = monotonic()
        result = await self._projection.apply(run)
        match result.outcome:
            case Applied.APPLIED:
                self._measure(run, result, monotonic() - began, first_clock_text)
                self._status.progressed(Step.APPLY, self._origin)
                self._advanced(self._origin, result)
            case Applied.DUPLICATE:
                self._advanced(self._origin, result)
            case Applied.GAP:
                raise Interrupted(f"the projection is at {result.mark.sequence}, before {run.before.sequence}")
            case Applied.FORKED:
                raise Forked(self._origin, known=result.mark)
            case Applied.UNSEEN:
                await asyncio.sleep(UNSEEN_PAUSE_SECONDS)
                raise Interrupted("the projection has not been seen yet in this incarnation")
            case Applied.TAINTED:
                raise Unavailable("the projection may have dropped what was applied to it")
        return result

    def _measure(self, run: Run, result: ApplyResult, seconds: float, first_clock_text: str) -> None:
        self._measures.applied(events=run.last.sequence - run.before.sequence, seconds=seconds)
        if result.is_current:
            # During a rebuild the age of an event is not the time that it took to arrive.
            self._measures.aged(clock_text=first_clock_text, now_milliseconds=self._now_milliseconds())
