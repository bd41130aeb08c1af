"""This region's own log as this process has read it: everything there is to decide on, or why it is not known."""

import asyncio
from collections.abc import Callable

import structlog

from adapters.batches import batch_size
from adapters.errors import EpochChanged, Forked, Interrupted, LogAlarm, LogMissing, NotCurrent, Unavailable
from adapters.event_log import EventLog
from adapters.follower import Follower, Stored
from adapters.projection import Projection
from adapters.session import Session
from core.codec import Undecodable, decode
from core.positions import BEGINNING, Mark, Position, Region, Sequence
from core.registers import Query
from core.topology import epoch_in
from runtime.reporting import report_halt, report_resumed
from service.appending import Appending
from service.lineage import Lineage, Recognition
from service.tail import TailEvent, tail_event

log = structlog.get_logger()

RETRY_SECONDS = 0.1
ALARM_RECHECK_SECONDS = 1.0
COMPARE_SECONDS = 0.5

STEP = "append"
"""What is halted while this log must not be written to, beside a replicator's steps."""


class OwnLog:
    """Follows the log, and keeps what was read of it. `on_read` is called when there is more."""

    def __init__(
        self,
        origin: Region,
        *,
        event_log: EventLog,
        projection: Projection,
        tail_events_max: int,
        retry_keys_max: int,
    ) -> None:
        self._origin = origin
        self._log = event_log
        self._projection = projection
        self._tail_events_max = tail_events_max
        self._retry_keys_max = retry_keys_max
        self._session: Session | None = None
        self._changed = asyncio.Event()
        self._log_alarm = ""
        self._told = ""
        self._created = ""
        self.appending: Appending | None = None
        self.waiting_for = "the log to be read"
        self.lineage = Lineage(self._recognize)
        self.on_read: Callable[[], None] = lambda: None

    @property
    def alarm(self) -> str:
        """Why this log must not be written to until somebody has looked; `""` where it may."""
        contradiction = self.lineage.contradiction
        return self._log_alarm or (f"{Forked.reason}: {contradiction}" if contradiction else "")

    @property
    def session(self) -> Session | None:
        """On which the log was recognized as the one that we know; None where it must not be written to."""
        return None if self._session is None or self._session.is_lost or self.alarm else self._session

    @property
    def has_room(self) -> bool:
        """Whether the projection is not too far behind for more to be appended."""
        return self.appending is not None and self.appending.tail.unapplied <= self._tail_events_max

    def applied(self, sequence: Sequence) -> None:
        """Take in that this region's projection has everything up to `sequence`."""
        if self.appending is not None:
            self.appending.tail.applied(sequence)
            self.changed()

    def changed(self) -> None:
        """Have whoever waits in `until` look again."""
        self._changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return once `holds`."""
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_following())
            group.create_task(self._keep_comparing())

    def _recognize(self, mark: Mark) -> Recognition:
        return Recognition.AHEAD if self.appending is None else self.appending.recognize(mark)

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
        if what != self.waiting_for:
            log.warning("waiting", waiting_for=what)
        self.waiting_for = what

    def _raise_alarm(self, alarm: str) -> None:
        self._log_alarm = alarm
        self._tell_alarm()

    def _tell_alarm(self) -> None:
        """Say each change of the alarm once, in the log and as a metric: appending is halted, or goes on."""
        before, alarm = self._told, self.alarm
        if alarm == before:
            return
        self._told = alarm
        reason, _, why = alarm.partition(": ")
        reason_before = before.partition(": ")[0]
        if alarm:
            report_halt(STEP, self._origin, reason=reason, why=why, before=reason_before)
        else:
            report_resumed(STEP, self._origin, before=reason_before)

    async def _follow(self) -> None:
        """Follow the log from the tail's end, and allow appending on this session only: it is the log we know."""
        if self.appending is None:
            known = (await self._projection.read(Query(()))).vector.get(self._origin, BEGINNING)
        else:
            known = self.appending.tail.end
        async with self._log.follow(known) as follower:
            appending = self.appending
            if appending is None:
                appending = Appending(
                    self._origin, follower.epoch, known, batch_size=batch_size, retry_keys_max=self._retry_keys_max
                )
                self.appending = appending
            elif appending.epoch != follower.epoch:
                raise EpochChanged(self._origin, known=appending.epoch, found=follower.epoch)
            if follower.created != self._created:
                self._created = follower.created
                self.lineage.prove_again()
            self._session = follower.session
            self.waiting_for = ""
            if not self._log_alarm.startswith((Undecodable.reason, "unexpected")):
                self._log_alarm = ""
            self.changed()
            await self._observe(appending, follower)

    async def _observe(self, appending: Appending, follower: Follower) -> None:
        while True:
            await self.until(lambda: self.has_room)
            for event in await follower.next():
                if event.sequence > appending.tail.end.sequence:
                    appending.observed(_tail_event(self._origin, event))
            # Also the event that an alarm was about has been read now.
            self._log_alarm = ""
            self.changed()
            self.on_read()

    async def _keep_comparing(self) -> None:
        """Look into marks that are ahead of what was read here: a log that ends before one of them went back.

        What the other regions' marks have come to meanwhile is told too.
        """
        while True:
            self._tell_alarm()
            await asyncio.sleep(COMPARE_SECONDS)
            if not (ahead := self.lineage.ahead):
                continue
            try:
                info = await self._log.describe()
                if any(mark.sequence > info.last_sequence for mark in ahead.values()):
                    info = await self._log.ascertain()
            except (Unavailable, LogMissing):
                continue
            for region, mark in ahead.items():
                if mark.sequence > info.last_sequence:
                    log.error("own log", region=region, applied=mark.sequence, last_sequence=info.last_sequence)
                    self.lineage.disown(region, mark)


def _tail_event(origin: Region, event: Stored) -> TailEvent:
    return tail_event(decode(event.data), Position(origin, epoch_in(event.subject), event.sequence), event.mark())
