"""Follow this region's own log, and keep this process's state of the log up to date."""

import asyncio
from contextlib import suppress
from functools import partial

import structlog

from adapters.errors import EpochChanged, Interrupted, LogAlarm, LogMissing, NotCurrent, Unavailable
from adapters.event_log import EventLog
from adapters.follower import Follower, Stored
from adapters.projection import Projection
from core.codec import Undecodable
from core.frames import decode_message
from core.known_marks import history_of
from core.positions import BEGINNING, Mark, Region
from core.registers import Query
from runtime.reminders import Reminders
from runtime.troubles import halts
from service.writes.group_commit import GroupCommit
from service.writes.log_state import ABOUT_ONE_EVENT, LogState
from service.writes.mark_comparison import MarkComparison
from service.writes.tail import Tail, TailMessage, tail_message

log = structlog.get_logger()

RETRY_SECONDS = 0.1
ALARM_RECHECK_SECONDS = 1.0
COMPARE_SECONDS = 0.5

STEP = "append"
"""The name of the halted step while this log must not be written to. A replicator's steps have other names."""


class LogReader:
    """The one reader of this process."""

    def __init__(
        self,
        state: LogState,
        origin: Region,
        *,
        event_log: EventLog,
        projection: Projection,
        idempotency_keys_max: int,
    ) -> None:
        self._state = state
        self._origin = origin
        self._log = event_log
        self._comparison = MarkComparison(state, event_log)
        self._projection = projection
        self._idempotency_keys_max = idempotency_keys_max
        self._created = ""
        self._projected_history = 0
        self._halts = halts()
        self._reminders = Reminders()
        self._is_in_doubt = False

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_following())
            group.create_task(self._keep_comparing())

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
                self._state.following = None
            await asyncio.sleep(pause)

    def _wait_for(self, what: str) -> None:
        if self._reminders.is_due("waiting", what):
            log.warning("waiting", waiting_for=what)
        self._state.waiting_for = what

    def _waits_no_more(self) -> None:
        self._reminders.is_end_due("waiting")
        self._state.waiting_for = ""

    def _doubt(self, why: str) -> None:
        """Record that the log must be read again. If that happens twice without an event in between, wait first."""
        if self._is_in_doubt:
            self._wait_for(f"the log to be read ({why})")
        elif self._reminders.is_due("read again", why):
            log.info("log read again", why=why)
        self._is_in_doubt = True

    def _raise_alarm(self, alarm: str) -> bool:
        self._state.reading_alarm = alarm
        return self._report_alarm()

    def _report_alarm(self) -> bool:
        """Report in the process log and as a metric whether appending is halted. Returns whether that is new."""
        if not self._state.alarm:
            self._halts.ended(STEP, self._origin)
            return False
        reason, _, why = self._state.alarm.partition(": ")
        return self._halts.began(STEP, self._origin, reason=reason, why=why)

    async def _follow(self) -> None:
        """Follow the log from the tail's end, and allow appending on this session only: it is the known log."""
        state = self._state
        if state.reading_alarm:
            await self._discard_another_history()
        if state.group_commit is None:
            view = await self._projection.read(Query(()))
            known, self._projected_history = view.vector.get(self._origin, BEGINNING), history_of(view.incarnation)
        else:
            known = state.group_commit.tail.end
        async with self._log.follow(known) as follower:
            group_commit = self._group_commit(follower, known)
            if follower.created != self._created:
                self._created = follower.created
                state.forks.prove_again()
            state.following = follower.session
            if not self._is_in_doubt:
                self._waits_no_more()
            state.changed()
            await self._observe(group_commit, follower)

    def _group_commit(self, follower: Follower, known: Mark) -> GroupCommit:
        """The group commit of the present reading, which begins after `known`. Raises `EpochChanged`."""
        group_commit = self._state.group_commit
        if group_commit is None:
            group_commit = self._state.group_commit = GroupCommit(
                self._origin,
                follower.epoch,
                known,
                idempotency_keys_max=self._idempotency_keys_max,
            )
        elif group_commit.epoch != follower.epoch:
            raise EpochChanged(self._origin, known=group_commit.epoch, found=follower.epoch)
        return group_commit

    async def _discard_another_history(self) -> None:
        """Begin a new reading if the projection was built anew since: what was read may be of that history too.

        A batch that was handed to the log then and is not answered has no place any more. Its fate is not known.
        """
        with suppress(Unavailable, NotCurrent):
            view = await self._projection.read(Query(()))
            if self._state.group_commit is None or history_of(view.incarnation) <= self._projected_history:
                return
            end = self._state.group_commit.tail.end.sequence
            log.warning("log read anew", why="the projection was built anew", end=end)
            self._state.discard()

    async def _observe(self, group_commit: GroupCommit, follower: Follower) -> None:
        state = self._state
        while True:
            await state.until(lambda: state.has_room)
            events = await follower.heard()
            for event in events:
                if event.sequence > group_commit.tail.end.sequence:
                    group_commit.observed(event.mark(), partial(self._read, group_commit.tail, event))
            self._is_in_doubt = False
            self._waits_no_more()
            # An alarm about an event ends with that event. Any other one ends once the log can be read on.
            if events or not state.reading_alarm.startswith(ABOUT_ONE_EVENT):
                state.reading_alarm = ""
            state.changed()
            if events:
                state.on_read()

    def _read(self, tail: Tail, stored: Stored) -> TailMessage:
        """The message after the end of `tail`. Raises `Undecodable`."""
        message = decode_message(self._origin, stored.sequence, stored.subject, stored.data, counted=tail.end.count)
        return tail_message(message)

    async def _keep_comparing(self) -> None:
        """Compare the marks of other regions with the log, and report what contradicts it."""
        while True:
            self._report_alarm()
            await asyncio.sleep(COMPARE_SECONDS)
            await self._comparison.compare()
