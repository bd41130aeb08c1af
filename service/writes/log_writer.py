"""Append to this region's own log, one batch at a time, until the log says of it that it is there or never will be."""

import asyncio
import secrets
from collections.abc import Callable
from time import monotonic

import structlog

from adapters.event_log import Append, Entry, EventLog
from core.operations import NONCE_BITS
from core.positions import Position
from runtime.reminders import Reminders
from service import metrics
from service.watermarks.acknowledgements import Acknowledgements
from service.writes.batch import Batch, Proposal
from service.writes.group_commit import GroupCommit
from service.writes.log_reader import OwnLog

log = structlog.get_logger()

RETRY_SECONDS = 0.1
RETRY_SECONDS_MAX = 1.0
READ_ON_SECONDS = 1.0
COMPOSE_SECONDS_MAX = 0.01
"""How long may be decided in one go: nobody else is answered meanwhile, and nobody's many refusals hold up others."""

_APPENDS = {outcome: metrics.APPENDS.labels(outcome.name.lower()) for outcome in Append}


class NothingAppended(Exception):
    """The log cannot take events now, and was not handed this one."""


class LogWriter:
    """The one writer of this process. Several processes may write to one log: its places decide."""

    def __init__(
        self,
        own_log: OwnLog,
        *,
        event_log: EventLog,
        acknowledgements: Acknowledgements,
        now_milliseconds: Callable[[], int],
    ) -> None:
        self._own_log = own_log
        self._log = event_log
        self._acknowledgements = acknowledgements
        self._now_milliseconds = now_milliseconds
        self._retry_seconds = RETRY_SECONDS
        self._trouble = ""
        self._reminders = Reminders()

    @property
    def why_not(self) -> str:
        """What is in the way of appending now, in words; `""` if nothing is known to be."""
        if self._own_log.alarm:
            return f"somebody to look at this region's log: {self._own_log.alarm}"
        if self._own_log.waiting_for:
            return self._own_log.waiting_for
        # A process that stayed not ready when nobody waits any more would get no writes, and would try nothing.
        appending = self._own_log.appending
        is_tried = self._trouble and appending is not None and appending.is_waited_for
        return f"the log to take events: {self._trouble}" if is_tried else ""

    def submit(self, proposal: Proposal) -> None:
        """Have `proposal` decided and appended. Raises `NothingAppended` where that cannot even be tried."""
        if self._own_log.appending is None or self._own_log.alarm:
            raise NothingAppended(f"waiting for {self.why_not}")
        self._own_log.appending.submit(proposal)
        self._own_log.changed()

    def withdraw(self, proposal: Proposal) -> None:
        """Nobody waits for `proposal` any more."""
        if self._own_log.appending is not None:
            self._own_log.appending.withdraw(proposal)

    async def run(self) -> None:
        """Append until cancelled."""
        while True:
            await self._own_log.until(self._can_compose)
            appending = self._own_log.appending
            if appending is None:
                continue
            batch = appending.compose(
                self._now_milliseconds(), nonce=secrets.randbits(NONCE_BITS), is_enough=_after(COMPOSE_SECONDS_MAX)
            )
            if batch is not None:
                await self._place(appending, batch)
            else:
                await asyncio.sleep(0)  # Others have their turn, however many were refused.

    def _can_compose(self) -> bool:
        appending = self._own_log.appending
        return (
            appending is not None
            and appending.has_work
            and appending.is_caught_up
            and self._own_log.has_room
            and self._own_log.session is not None
        )

    async def _place(self, appending: GroupCommit, batch: Batch) -> None:
        """Append `batch` at its place again and again, until the log says that it is there or never will be.

        Or until what it was decided on turns out to be of another history of the log: in this one it has no place.
        """
        entries = [
            Entry(*entry, proposal.traceparent) for entry, proposal in zip(batch.entries, batch.proposals, strict=True)
        ]
        began = monotonic()
        while True:
            await self._own_log.until(lambda: self._own_log.session is not None or self._is_of_the_past(appending))
            if self._is_of_the_past(appending):
                return
            outcome, why = await self._log.append(entries, after=batch.after.sequence, on=self._own_log.session)
            _APPENDS[outcome].inc()
            if outcome not in (Append.REFUSED, Append.UNANSWERED):
                self._recovered()
            if await self._is_over(appending, batch, outcome, why, began):
                return

    def _is_of_the_past(self, appending: GroupCommit) -> bool:
        return self._own_log.appending is not appending

    async def _is_over(self, appending: GroupCommit, batch: Batch, outcome: Append, why: str, began: float) -> bool:
        """Whether `batch` needs no further try, for the `outcome` of this one."""
        match outcome:
            case Append.STORED:
                self._stored(appending, batch, began)
                return True
            case Append.PLACE_TAKEN:
                return await self._is_resolved(appending, batch, began)
            case Append.NOT_AS_A_BATCH | Append.TOO_LARGE:
                return await self._is_given_up(appending, batch, outcome, why)
            case Append.REFUSED if not batch.is_in_doubt:
                appending.never(batch, is_place_taken=False)
                await self._pause(outcome, why)
                return True
            case Append.REFUSED | Append.UNANSWERED:
                batch.is_open = True
        await self._pause(outcome, why)
        return False

    async def _is_resolved(self, appending: GroupCommit, batch: Batch, began: float) -> bool:
        """Whether what took the place of `batch` says what became of it."""
        if not batch.is_open:
            appending.never(batch, is_place_taken=True)
            await self._read_on(lambda: appending.is_caught_up)
            appending.recompose()
            return True
        if await self._read_on(lambda: appending.tail.end.sequence > batch.after.sequence):
            self._resolve(appending, batch, began)
            return True
        return False

    async def _is_given_up(self, appending: GroupCommit, batch: Batch, outcome: Append, why: str) -> bool:
        """Whether `batch`, which the log never takes as it is, is tried no further now.

        If it is in doubt, others who append decide its place. Nothing is wrong with the log until they come.
        """
        if batch.is_in_doubt and not await self._read_on(
            lambda: appending.others_wait or appending.has_lost_place(batch)
        ):
            return False
        if self._reminders.is_due("never taken", why):
            log.warning(
                "append", outcome=outcome.name, why=why, events=len(batch.entries), is_in_doubt=batch.is_in_doubt
            )
        if appending.has_lost_place(batch):
            appending.never(batch, is_place_taken=False)
        elif batch.is_in_doubt:
            appending.set_aside(batch)
        elif outcome is Append.TOO_LARGE:
            appending.too_large(batch, why)
        else:
            appending.not_as_a_batch(batch)
        return True

    async def _read_on(self, holds: Callable[[], bool]) -> bool:
        """Wait until the event that took a place has been read, so that `holds`; False if it does not come.

        In a replicated log a place can be refused for an event that was proposed and then given up.
        """
        try:
            async with asyncio.timeout(READ_ON_SECONDS):
                await self._own_log.until(holds)
        except TimeoutError:
            return False
        return True

    def _stored(self, appending: GroupCommit, batch: Batch, began: float) -> None:
        """It is in the log, and was first tried to be put there at `began`."""
        now, events = monotonic(), len(batch.entries)
        metrics.APPENDED.inc(events)
        metrics.APPEND_BATCH.observe(events)
        metrics.APPEND_SECONDS.observe(now - began)
        appending.stored(batch)
        last = Position(self._log.origin, appending.epoch, batch.events[-1].mark.sequence)
        self._acknowledgements.stored(last, now_seconds=now)

    def _resolve(self, appending: GroupCommit, batch: Batch, began: float) -> None:
        """An unanswered attempt may have been what took the place: the log says whose events stand there."""
        if batch.is_seen:
            self._stored(appending, batch, began)
        else:
            appending.never(batch, is_place_taken=True)
        log.info("append resolved", is_stored=batch.is_seen, after=batch.after.sequence)

    async def _pause(self, outcome: Append, why: str) -> None:
        """Wait before the next attempt, a little longer each time, and say once what is in the way."""
        if self._reminders.is_due("append", why):
            log.warning("append", outcome=outcome.name, why=why)
        self._trouble = why
        await asyncio.sleep(self._retry_seconds)
        self._retry_seconds = min(2 * self._retry_seconds, RETRY_SECONDS_MAX)

    def _recovered(self) -> None:
        if self._trouble and self._reminders.is_end_due("append"):
            log.info("append", outcome="taken again")
        self._trouble, self._retry_seconds = "", RETRY_SECONDS


def _after(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed since now."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    return lambda: loop.time() >= deadline
