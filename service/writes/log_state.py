"""The state of the region's own log in this process: the reader updates it, and the writer appends by it."""

import asyncio
from collections.abc import Callable

from adapters.session import Session
from core.codec import Undecodable
from core.positions import Mark, Sequence
from service.writes.fork_detection import ForkDetection, Recognition
from service.writes.group_commit import GroupCommit

ABOUT_ONE_EVENT = (Undecodable.reason, "unexpected")
"""The reasons of alarms that do not contradict the log itself."""


class LogState:
    """The events that were read, the session that may append, and the contradictions to the log.

    `group_commit` is None until the log was found. `following` is the session on which the reader follows the log now.
    `reading_alarm` is why the reader cannot go on until an operator acts, `""` if it can. `waiting_for` is what must
    come before the log can be written to, in words. `reading` is which reading of the log this is: a new one begins
    when what was read turns out to be of another history of the log. The reader calls `on_read` when there is more.
    """

    def __init__(self, *, tail_events_max: int) -> None:
        self._tail_events_max = tail_events_max
        self._changed = asyncio.Event()
        self.group_commit: GroupCommit | None = None
        self.following: Session | None = None
        self.reading_alarm = ""
        self.waiting_for = "the log to be read"
        self.reading = 0
        self.forks = ForkDetection(self._recognize)
        self.on_read: Callable[[], None] = lambda: None

    @property
    def alarm(self) -> str:
        """Why this log must not be written to until an operator acts; `""` if it may."""
        return self.reading_alarm or self.forks.contradiction

    @property
    def doubt(self) -> str:
        """Why no promise about this log holds: other regions may have another one; `""` if they do not."""
        return "" if self.alarm.startswith(ABOUT_ONE_EVENT) else self.alarm

    def doubt_since(self, reading: int) -> str:
        """As `doubt`, about the log's content when `reading` was the present reading."""
        return self.doubt or ("" if reading == self.reading else "this region's log was put back since")

    @property
    def session(self) -> Session | None:
        """The session on which the log was recognized as the known one; None if it must not be written to."""
        return None if self.following is None or self.following.is_lost or self.alarm else self.following

    @property
    def has_room(self) -> bool:
        """Whether the projection is close enough to the log's end for more appends."""
        return self.group_commit is not None and self.unapplied <= self._tail_events_max

    @property
    def unapplied(self) -> int:
        """The number of events that were read and that the projection has not applied."""
        return 0 if self.group_commit is None else self.group_commit.tail.unapplied

    def applied(self, sequence: Sequence) -> None:
        """Record that this region's projection has every event up to `sequence`."""
        if self.group_commit is not None:
            self.group_commit.tail.applied(sequence)
            self.changed()

    def discard(self) -> None:
        """Begin a new reading: what was read is of another history of the log."""
        self.group_commit = None
        self.reading += 1
        self.forks = ForkDetection(self._recognize)
        self.changed()

    def changed(self) -> None:
        """Make every `until` look again."""
        self._changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return once `holds`."""
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    def _recognize(self, mark: Mark) -> Recognition:
        return Recognition.AHEAD if self.group_commit is None else self.group_commit.recognize(mark)
