"""Drive `Appending` against this region's own log: follow it, append to it, and resolve what was not answered."""

import asyncio
import secrets
from collections.abc import Callable

import structlog

from adapters.batches import batch_size
from adapters.errors import EpochChanged, Forked, Interrupted, LogAlarm, LogMissing, NotCurrent, Unavailable
from adapters.event_log import Append, Entry, EventLog
from adapters.follower import Follower, Stored
from adapters.projection import Projection
from adapters.session import Session
from core.codec import Undecodable, decode
from core.operations import NONCE_BITS
from core.positions import BEGINNING, Mark, Position, Region, Sequence
from core.registers import Query
from core.topology import epoch_in
from service import metrics
from service.appending import Appending
from service.batch import Batch, Proposal
from service.lineage import Lineage, Recognition
from service.tail import TailEvent, tail_event

log = structlog.get_logger()

RETRY_SECONDS = 0.1
RETRY_SECONDS_MAX = 1.0
ALARM_RECHECK_SECONDS = 1.0
COMPARE_SECONDS = 0.5
READ_ON_SECONDS = 1.0


class NothingAppended(Exception):
    """The log cannot take events now, and was not handed this one."""


class LogWriter:
    """The one writer of this process. Several processes may write to one log: its places decide."""

    def __init__(
        self,
        origin: Region,
        *,
        event_log: EventLog,
        projection: Projection,
        now_milliseconds: Callable[[], int],
        tail_events_max: int,
        retry_keys_max: int,
    ) -> None:
        self._origin = origin
        self._log = event_log
        self._projection = projection
        self._now_milliseconds = now_milliseconds
        self._tail_events_max = tail_events_max
        self._retry_keys_max = retry_keys_max
        self._appending: Appending | None = None
        self._session: Session | None = None
        self._changed = asyncio.Event()
        self._retry_seconds = RETRY_SECONDS
        self._log_alarm = ""
        self._waiting_for = "the log to be read"
        self._trouble = ""
        self.lineage = Lineage(self._recognize)
        self.on_read: Callable[[], None] = lambda: None

    @property
    def alarm(self) -> str:
        """Why this log must not be written to until somebody has looked; `""` where it may."""
        contradiction = self.lineage.contradiction
        return self._log_alarm or (f"{Forked.reason}: {contradiction}" if contradiction else "")

    @property
    def why_not(self) -> str:
        """What is in the way of appending now, in words; `""` if nothing is known to be."""
        if self.alarm:
            return f"somebody to look at this region's log: {self.alarm}"
        return self._waiting_for or (f"the log to take events: {self._trouble}" if self._trouble else "")

    async def run(self) -> None:
        """Follow and append until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_following())
            group.create_task(self._keep_appending())
            group.create_task(self._keep_comparing())

    def submit(self, proposal: Proposal) -> None:
        """Have `proposal` decided and appended. Raises `NothingAppended` where that cannot even be tried."""
        if self._appending is None or self.alarm:
            raise NothingAppended(f"waiting for {self.why_not}")
        self._appending.submit(proposal)
        self._changed.set()

    def withdraw(self, proposal: Proposal) -> None:
        """Nobody waits for `proposal` any more."""
        if self._appending is not None:
            self._appending.withdraw(proposal)

    def applied(self, sequence: Sequence) -> None:
        """Take in that this region's projection has everything up to `sequence`."""
        if self._appending is not None:
            self._appending.tail.applied(sequence)
            self._changed.set()

    def _recognize(self, mark: Mark) -> Recognition:
        return Recognition.AHEAD if self._appending is None else self._appending.recognize(mark)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    async def _keep_following(self) -> None:
        while True:
            pause = RETRY_SECONDS
            try:
                await self._follow()
            except Interrupted as error:
                log.info("log read again", why=str(error))
            except (Unavailable, LogMissing, NotCurrent) as error:
                self._wait_for(f"the log to be read ({type(error).__name__}: {error})")
            except (LogAlarm, Undecodable) as error:
                self._raise_alarm(f"{error.reason}: {error}")
                pause = ALARM_RECHECK_SECONDS
            except Exception as error:
                log.exception("unexpected")
                self._raise_alarm(f"unexpected: {type(error).__name__}: {error}")
                pause = ALARM_RECHECK_SECONDS
            finally:
                self._session = None
            await asyncio.sleep(pause)

    def _wait_for(self, what: str) -> None:
        if what != self._waiting_for:
            log.warning("waiting", waiting_for=what)
        self._waiting_for = what

    def _raise_alarm(self, alarm: str) -> None:
        if alarm != self._log_alarm:
            log.error("own log", alarm=alarm)
        self._log_alarm = alarm

    async def _follow(self) -> None:
        """Follow the log from the tail's end, and allow appending on this session only: it is the log we know."""
        if self._appending is None:
            known = (await self._projection.read(Query(()))).vector.get(self._origin, BEGINNING)
        else:
            known = self._appending.tail.end
        async with self._log.follow(known) as follower:
            appending = self._appending
            if appending is None:
                appending = Appending(
                    self._origin, follower.epoch, known, batch_size=batch_size, retry_keys_max=self._retry_keys_max
                )
                self._appending = appending
            elif appending.epoch != follower.epoch:
                raise EpochChanged(self._origin, known=appending.epoch, found=follower.epoch)
            self._session = follower.session
            self._waiting_for = ""
            if not self._log_alarm.startswith((Undecodable.reason, "unexpected")):
                self._log_alarm = ""
            self._changed.set()
            await self._observe(appending, follower)

    async def _observe(self, appending: Appending, follower: Follower) -> None:
        while True:
            await self._until(lambda: appending.tail.unapplied <= self._tail_events_max)
            for event in await follower.next():
                if event.sequence > appending.tail.end.sequence:
                    appending.observed(_tail_event(self._origin, event))
            # Also the event that an alarm was about has been read now.
            self._log_alarm = ""
            self._changed.set()
            self.on_read()

    async def _keep_comparing(self) -> None:
        """Look into marks that are ahead of what was read here: a log that ends before one of them went back."""
        while True:
            await asyncio.sleep(COMPARE_SECONDS)
            if not (ahead := self.lineage.ahead):
                continue
            try:
                info = await self._log.describe()
            except (Unavailable, LogMissing):
                continue
            for region, mark in ahead.items():
                if mark.sequence > info.last_sequence:
                    log.error("own log", region=region, applied=mark.sequence, last_sequence=info.last_sequence)
                    self.lineage.disown(region, mark)

    async def _keep_appending(self) -> None:
        while True:
            await self._until(self._can_compose)
            appending = self._appending
            if appending is None:
                continue
            batch = appending.compose(self._now_milliseconds(), nonce=secrets.randbits(NONCE_BITS))
            if batch is not None:
                await self._place(appending, batch)

    def _can_compose(self) -> bool:
        appending = self._appending
        return (
            appending is not None
            and appending.has_work
            and appending.is_caught_up
            and appending.tail.unapplied <= self._tail_events_max
            and self._is_live()
        )

    def _is_live(self) -> bool:
        """Whether there is a session on which the log has been recognized as the one that we know."""
        return self._session is not None and not self._session.is_lost and not self.alarm

    async def _place(self, appending: Appending, batch: Batch) -> None:
        """Append `batch` at its place again and again, until the log says that it is there or never will be."""
        entries = [Entry(subject, data) for subject, data in batch.entries]
        while True:
            await self._until(self._is_live)
            outcome, why = await self._log.append(entries, after=batch.after.sequence, on=self._session)
            metrics.APPENDS.labels(outcome.name.lower()).inc()
            if outcome in (Append.STORED, Append.PLACE_TAKEN):
                self._recovered()
            match outcome:
                case Append.STORED:
                    metrics.APPENDED.inc(len(entries))
                    appending.stored(batch)
                    return
                case Append.PLACE_TAKEN if not batch.is_open:
                    appending.never(batch, is_place_taken=True)
                    await self._read_on(lambda: appending.is_caught_up)
                    appending.recompose()
                    return
                case Append.PLACE_TAKEN:
                    if await self._read_on(lambda: appending.tail.end.sequence > batch.after.sequence):
                        self._resolve(appending, batch)
                        return
                # Who has given up was told that it may still land: it goes on being tried, and its place decides.
                case Append.REFUSED if not batch.is_open and not batch.is_told_of:
                    appending.never(batch, is_place_taken=False)
                    await self._pause(outcome, why)
                    return
                case Append.REFUSED | Append.UNANSWERED:
                    batch.is_open = True
                    await self._pause(outcome, why)

    async def _read_on(self, holds: Callable[[], bool]) -> bool:
        """Wait until the event that took a place has been read, so that `holds`; False if it does not come.

        In a replicated log a place can be refused for an event that was proposed and then given up.
        """
        try:
            async with asyncio.timeout(READ_ON_SECONDS):
                await self._until(holds)
        except TimeoutError:
            return False
        return True

    def _resolve(self, appending: Appending, batch: Batch) -> None:
        """An unanswered attempt may have been what took the place: the log says whose events stand there."""
        if batch.is_seen:
            appending.stored(batch)
        else:
            appending.never(batch, is_place_taken=True)
        log.info("append resolved", is_stored=batch.is_seen, after=batch.after.sequence)

    async def _pause(self, outcome: Append, why: str) -> None:
        """Wait before the next attempt, a little longer each time, and say once what is in the way."""
        if why != self._trouble:
            log.warning("append", outcome=outcome.name, why=why)
        self._trouble = why
        await asyncio.sleep(self._retry_seconds)
        self._retry_seconds = min(2 * self._retry_seconds, RETRY_SECONDS_MAX)

    def _recovered(self) -> None:
        if self._trouble:
            log.info("append", outcome="taken again")
        self._trouble, self._retry_seconds = "", RETRY_SECONDS


def _tail_event(origin: Region, event: Stored) -> TailEvent:
    return tail_event(decode(event.data), Position(origin, epoch_in(event.subject), event.sequence), event.mark())
