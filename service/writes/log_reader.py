"""This region's own log as this process has read it: everything there is to decide on, or why it is not known."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from adapters.batches import batch_size
from adapters.errors import EpochChanged, Interrupted, LogAlarm, LogMissing, NotCurrent, Unavailable
from adapters.event_log import EventLog
from adapters.follower import Follower, Stored
from adapters.projection import Projection
from adapters.session import Session
from core.codec import Undecodable, decode
from core.known_marks import history_of
from core.positions import BEGINNING, Mark, Position, Region, Sequence
from core.registers import Query
from core.subjects import epoch_in
from runtime.reminders import Reminders
from runtime.troubles import halts
from service.writes.fork_detection import ForkDetection, Recognition
from service.writes.group_commit import GroupCommit
from service.writes.tail import TailEvent, tail_event

log = structlog.get_logger()

RETRY_SECONDS = 0.1
ALARM_RECHECK_SECONDS = 1.0
COMPARE_SECONDS = 0.5

_ABOUT_ONE_EVENT = (Undecodable.reason, "unexpected")
"""Reasons of alarms that say nothing against the log itself."""

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
        self._created = ""
        self._projected = 0
        self._halts = halts()
        self._reminders = Reminders()
        self._is_in_doubt = False
        self.history = 0
        """How often this process has begun to read anew, since what it had read was of another history of the log."""
        self.appending: GroupCommit | None = None
        self.waiting_for = "the log to be read"
        self.forks = ForkDetection(self._recognize)
        self.on_read: Callable[[], None] = lambda: None

    @property
    def alarm(self) -> str:
        """Why this log must not be written to until somebody has looked; `""` where it may."""
        return self._log_alarm or self.forks.contradiction

    @property
    def doubt(self) -> str:
        """Why nothing may be promised out of this log: it may not be the one that others have; `""` where it is."""
        return "" if self.alarm.startswith(_ABOUT_ONE_EVENT) else self.alarm

    def doubt_since(self, history: int) -> str:
        """As `doubt`, of what was in the log when `history` was that."""
        return self.doubt or ("" if history == self.history else "this region's log was put back since")

    @property
    def session(self) -> Session | None:
        """On which the log was recognized as the one that we know; None where it must not be written to."""
        return None if self._session is None or self._session.is_lost or self.alarm else self._session

    @property
    def has_room(self) -> bool:
        """Whether the projection is not too far behind for more to be appended."""
        return self.appending is not None and self.appending.tail.unapplied <= self._tail_events_max

    @property
    def unapplied(self) -> int:
        """How many of the events that were read the projection has not applied."""
        return 0 if self.appending is None else self.appending.tail.unapplied

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
                self._doubt(str(error))
            except (Unavailable, LogMissing, NotCurrent) as error:
                self._wait_for(f"the log to be read ({type(error).__name__}: {error})")
            except (LogAlarm, Undecodable) as error:
                self._raise_alarm(f"{error.reason}: {error}")
                pause = ALARM_RECHECK_SECONDS
            except Exception as error:
                if self._raise_alarm(f"unexpected: {type(error).__name__}: {error}"):
                    log.exception("unexpected")
                pause = ALARM_RECHECK_SECONDS
            finally:
                self._session = None
            await asyncio.sleep(pause)

    def _wait_for(self, what: str) -> None:
        if self._reminders.is_due("waiting", what):
            log.warning("waiting", waiting_for=what)
        self.waiting_for = what

    def _waits_no_more(self) -> None:
        self._reminders.is_end_due("waiting")
        self.waiting_for = ""

    def _doubt(self, why: str) -> None:
        """Take in that the log has to be read again. A second time before anything was read, it is waited for."""
        if self._is_in_doubt:
            self._wait_for(f"the log to be read ({why})")
        elif self._reminders.is_due("read again", why):
            log.info("log read again", why=why)
        self._is_in_doubt = True

    def _raise_alarm(self, alarm: str) -> bool:
        self._log_alarm = alarm
        return self._tell_alarm()

    def _tell_alarm(self) -> bool:
        """Tell the alarm in the log and as a metric: appending is halted, or goes on. Returns whether that is news."""
        if not self.alarm:
            self._halts.ended(STEP, self._origin)
            return False
        reason, _, why = self.alarm.partition(": ")
        return self._halts.began(STEP, self._origin, reason=reason, why=why)

    async def _follow(self) -> None:
        """Follow the log from the tail's end, and allow appending on this session only: it is the log we know."""
        if self._log_alarm:
            await self._forget_another_history()
        if self.appending is None:
            view = await self._projection.read(Query(()))
            known, self._projected = view.vector.get(self._origin, BEGINNING), history_of(view.incarnation)
        else:
            known = self.appending.tail.end
        async with self._log.follow(known) as follower:
            appending = self.appending
            if appending is None:
                appending = GroupCommit(
                    self._origin, follower.epoch, known, batch_size=batch_size, retry_keys_max=self._retry_keys_max
                )
                self.appending = appending
            elif appending.epoch != follower.epoch:
                raise EpochChanged(self._origin, known=appending.epoch, found=follower.epoch)
            if follower.created != self._created:
                self._created = follower.created
                self.forks.prove_again()
            self._session = follower.session
            if not self._is_in_doubt:
                self._waits_no_more()
            self.changed()
            await self._observe(appending, follower)

    async def _forget_another_history(self) -> None:
        """Read anew if the projection was built anew since it was read here: what was read may be of that history too.

        What was handed to the log then and is not answered has no place any more, and what became of it is not known.
        """
        with suppress(Unavailable, NotCurrent):
            view = await self._projection.read(Query(()))
            if self.appending is None or history_of(view.incarnation) <= self._projected:
                return
            log.warning("log read anew", why="the projection was built anew", end=self.appending.tail.end.sequence)
            self.appending = None
            self.history += 1
            self.forks = ForkDetection(self._recognize)
            self.changed()

    async def _observe(self, appending: GroupCommit, follower: Follower) -> None:
        while True:
            await self.until(lambda: self.has_room)
            events = await follower.heard()
            for event in events:
                if event.sequence > appending.tail.end.sequence:
                    appending.observed(_tail_event(self._origin, event))
            self._is_in_doubt = False
            self._waits_no_more()
            # An alarm about an event ends with that event. Any other one ends once the log can be read on.
            if events or not self._log_alarm.startswith(_ABOUT_ONE_EVENT):
                self._log_alarm = ""
            self.changed()
            if events:
                self.on_read()

    async def _keep_comparing(self) -> None:
        """Look into marks that are ahead of what was read here: a log that ends before one of them went back.

        What the other regions' marks have come to meanwhile is told too.
        """
        while True:
            self._tell_alarm()
            await asyncio.sleep(COMPARE_SECONDS)
            if not (ahead := self.forks.ahead):
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
                    self.forks.ends_before(region, mark, last_sequence=info.last_sequence)


def _tail_event(origin: Region, event: Stored) -> TailEvent:
    return tail_event(decode(event.data), Position(origin, epoch_in(event.subject), event.sequence), event.mark())
