"""Apply one origin's log, as this region has it, to this region's projection."""

import asyncio
from collections.abc import Callable, Collection

import structlog
from opentelemetry.trace import Tracer

from adapters.apply_result import Applied, ApplyResult
from adapters.errors import Forked, Interrupted, LogVanished, Unavailable, WentBack
from adapters.event_log import EventLog
from adapters.projection import Projection
from core.positions import BEGINNING, Region
from replicator import metrics
from replicator.another_history import is_of_another_history
from replicator.in_order import Outcome, apply_in_order
from replicator.runs import runs_of
from replicator.status import Status, Step
from replicator.traces import record_step
from runtime.tracing import OFF

log = structlog.get_logger()

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
        self._known = BEGINNING
        self._measures = metrics.Applying(origin)
        self._tracer = tracer

    async def run(self) -> None:
        """Apply from the projection's watermark on, and raise when something is in doubt.

        A projection that holds events of another history than the logs is rebuilt.
        """
        state = await self._projection.observe()
        self._known = state.vector.get(self._origin, BEGINNING)
        try:
            async with self._log.follow(self._known) as follower:
                while True:
                    messages = await follower.heard()
                    runs = runs_of(self._origin, self._known, messages, now_milliseconds=self._now_milliseconds)
                    await apply_in_order(runs, self._projection, self._take)
                    self._status.following(Step.APPLY, self._origin)
        except (WentBack, LogVanished) as error:
            if self._is_own:
                raise
            raise Unavailable(f"the copy is being filled again: {error}") from error
        except Forked as error:
            if not await is_of_another_history(
                state.vector.get(self._origin, BEGINNING), log=self._log, elsewhere=self._elsewhere
            ):
                raise
            log.warning("rebuild", origin=self._origin, why=str(error))
            await self._projection.rebuild(state.incarnation)
            raise Interrupted(f"the projection is rebuilt: {error}") from error

    async def _take(self, outcome: Outcome) -> None:
        """Note that a run is applied, or raise why it is not."""
        run, result = outcome.run, outcome.result
        match result.outcome:
            case Applied.APPLIED:
                self._measure(outcome)
                self._status.progressed(Step.APPLY, self._origin)
                self._advanced(self._origin, result)
            case Applied.DUPLICATE:
                self._advanced(self._origin, result)
            case Applied.GAP:
                raise Interrupted(f"the projection is at {result.mark.sequence}, before {run.to_apply.before.sequence}")
            case Applied.FORKED:
                raise Forked(self._origin, known=result.mark)
            case Applied.UNSEEN:
                await asyncio.sleep(UNSEEN_PAUSE_SECONDS)
                raise Interrupted("the projection has not been seen yet in this incarnation")
            case Applied.TAINTED:
                raise Unavailable("the projection may have dropped what was applied to it")
        self._known = run.last

    def _measure(self, outcome: Outcome) -> None:
        run = outcome.run
        self._measures.applied(events=run.events, seconds=outcome.seconds)
        if outcome.result.is_current:
            # During a rebuild the age of an event is not the time that it took to arrive, and its trace ended long ago.
            self._measures.aged(clock_text=run.first_clock_text, now_milliseconds=self._now_milliseconds())
            record_step(self._tracer, Step.APPLY, self._origin, run.messages)
