"""Put one batch into this region's own log, or find out that it is not there and never will be."""

import asyncio
from collections.abc import Callable
from time import monotonic

import structlog

from adapters.event_log import Append, EventLog
from core.positions import Position
from runtime.reminders import Reminders
from service import metrics
from service.watermarks.acknowledgements import Acknowledgements
from service.writes.batch import Batch
from service.writes.group_commit import GroupCommit
from service.writes.log_state import LogState

log = structlog.get_logger()

RETRY_SECONDS = 0.1
RETRY_SECONDS_MAX = 1.0
READ_ON_SECONDS = 1.0

_APPENDS = {outcome: metrics.APPENDS.labels(outcome.name.lower()) for outcome in Append}


class BatchPlacement:
    """Appends a batch at its place until the log decides it. `trouble` is why the last attempt failed, `""` if none."""

    def __init__(self, state: LogState, *, event_log: EventLog, acknowledgements: Acknowledgements) -> None:
        self._state = state
        self._log = event_log
        self._acknowledgements = acknowledgements
        self._retry_seconds = RETRY_SECONDS
        self._reminders = Reminders()
        self.trouble = ""

    async def place(self, group_commit: GroupCommit, batch: Batch) -> None:
        """Append `batch` at its place again and again, until it is in the log or never will be.

        Return too once a new reading of the log has begun: `batch` was decided on another history, and has no place in
        this one.
        """
        began = monotonic()
        while True:
            await self._state.until(lambda: self._state.session is not None or self._is_of_the_past(group_commit))
            if self._is_of_the_past(group_commit):
                return
            outcome, why = await self._log.append(batch.entries, after=batch.after.sequence, on=self._state.session)
            _APPENDS[outcome].inc()
            if outcome not in (Append.REFUSED, Append.UNANSWERED):
                self._recovered()
            if await self._is_over(group_commit, batch, outcome, why, began):
                return

    def _is_of_the_past(self, group_commit: GroupCommit) -> bool:
        return self._state.group_commit is not group_commit

    async def _is_over(self, group_commit: GroupCommit, batch: Batch, outcome: Append, why: str, began: float) -> bool:
        """Whether `batch` needs no further attempt after the `outcome` of this one."""
        match outcome:
            case Append.STORED:
                self._stored(group_commit, batch, began)
                return True
            case Append.PLACE_TAKEN:
                return await self._is_resolved(group_commit, batch, began)
            case Append.NOT_AS_A_BATCH | Append.TOO_LARGE:
                return await self._is_given_up(group_commit, batch, outcome, why)
            case Append.REFUSED if not batch.is_in_doubt:
                group_commit.never(batch, is_place_taken=False)
                await self._pause(outcome, why)
                return True
            case Append.REFUSED | Append.UNANSWERED:
                batch.is_open = True
        await self._pause(outcome, why)
        return False

    async def _is_resolved(self, group_commit: GroupCommit, batch: Batch, began: float) -> bool:
        """Whether the event that took the place of `batch` decides its fate."""
        if not batch.is_open:
            group_commit.never(batch, is_place_taken=True)
            await self._read_on(lambda: group_commit.is_caught_up)
            group_commit.recompose()
            return True
        if await self._read_on(lambda: group_commit.tail.end.sequence > batch.after.sequence):
            self._resolve(group_commit, batch, began)
            return True
        return False

    async def _is_given_up(self, group_commit: GroupCommit, batch: Batch, outcome: Append, why: str) -> bool:
        """Whether `batch`, which the log never takes as it is, is tried no further now.

        If it is in doubt, other batches decide its place. Until one comes, the log is not in trouble.
        """
        if batch.is_in_doubt and not await self._read_on(
            lambda: group_commit.others_wait or group_commit.has_lost_place(batch)
        ):
            return False
        if self._reminders.is_due("never taken", why):
            log.warning(
                "append", outcome=outcome.name, why=why, events=len(batch.events), is_in_doubt=batch.is_in_doubt
            )
        if group_commit.has_lost_place(batch):
            group_commit.never(batch, is_place_taken=False)
        elif batch.is_in_doubt:
            group_commit.set_aside(batch)
        elif len(batch.events) == 1:
            group_commit.too_large(batch, why)
        else:
            group_commit.not_as_a_batch(batch)
        return True

    async def _read_on(self, holds: Callable[[], bool]) -> bool:
        """Wait until the event that took a place was read, so that `holds`. False if it is not read in time.

        In a replicated log a place can be refused for an event that was proposed and then given up.
        """
        try:
            async with asyncio.timeout(READ_ON_SECONDS):
                await self._state.until(holds)
        except TimeoutError:
            return False
        return True

    def _stored(self, group_commit: GroupCommit, batch: Batch, began: float) -> None:
        """`batch` is in the log; its first attempt began at `began` (monotonic seconds)."""
        now, events = monotonic(), len(batch.events)
        metrics.APPENDED.inc(events)
        metrics.APPEND_BATCH.observe(events)
        metrics.APPEND_SECONDS.observe(now - began)
        group_commit.stored(batch)
        last = Position(self._log.origin, group_commit.epoch, batch.last_mark.sequence)
        self._acknowledgements.stored(last, now_seconds=now)

    def _resolve(self, group_commit: GroupCommit, batch: Batch, began: float) -> None:
        """Find out from the log whether the place was taken by an unanswered attempt of `batch`."""
        if batch.is_seen:
            self._stored(group_commit, batch, began)
        else:
            group_commit.never(batch, is_place_taken=True)
        log.info("append resolved", is_stored=batch.is_seen, after=batch.after.sequence)

    async def _pause(self, outcome: Append, why: str) -> None:
        """Wait before the next attempt, longer each time, and log the reason once."""
        if self._reminders.is_due("append", why):
            log.warning("append", outcome=outcome.name, why=why)
        self.trouble = why
        await asyncio.sleep(self._retry_seconds)
        self._retry_seconds = min(2 * self._retry_seconds, RETRY_SECONDS_MAX)

    def _recovered(self) -> None:
        if self.trouble and self._reminders.is_end_due("append"):
            log.info("append", outcome="taken again")
        self.trouble, self._retry_seconds = "", RETRY_SECONDS
