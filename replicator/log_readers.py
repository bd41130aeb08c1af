"""Whether every process that follows this region's own log reads frames."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from time import monotonic, time

import structlog

from adapters.errors import LogMissing, NotTaken, Unavailable
from adapters.event_log import EventLog
from adapters.jetstream import Reader
from core.positions import NOTHING, Sequence
from core.subjects import FRAMES, is_frame, reader_of, stream_of

log = structlog.get_logger()

LOOK_SECONDS = 1.0
FIRST_LOOK_SECONDS = 0.05
"""The time between two looks until the first one succeeds."""

SETTLED_SECONDS = 15.0
"""How long every look must show that all readers read frames: one of an older version may be about to start again.

All readers of a server that was started again are gone at first, and come back one by one. So a look that fails begins
this time anew.
"""


NEW_SECONDS = 5.0
"""How long a log is new. Its first processes have just started, and all of them read frames if those that follow do."""

FIRST = Sequence(1)

UNLISTED_LOGGED = 2
"""Which look in sequence that fails alone is logged. A server that has just started may fail one."""


class LogReaders:
    """Looks at the readers of one log. Every service and replicator of a region follows the region's own log.

    `reads` are the forms of messages that all readers are known to read, beside those of one event. `is_current` is
    whether the region's projection is: a process that starts follows no log before.
    """

    def __init__(
        self,
        event_log: EventLog,
        *,
        now_seconds: Callable[[], float] = monotonic,
        now_since_1970_seconds: Callable[[], float] = time,
    ) -> None:
        self._log = event_log
        self._now_seconds = now_seconds
        self._now_since_1970_seconds = now_since_1970_seconds
        self._has_looked = False
        self._all_read_since: float | None = None
        self._older: list[str] = []
        self._unlisted = 0
        self.reads: list[str] = []
        self.is_current: Callable[[], bool] = lambda: True

    async def keep_looking(self) -> None:
        """Look every `LOOK_SECONDS`, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS if self._has_looked else FIRST_LOOK_SECONDS)

    async def look(self) -> None:
        """Look once."""
        now = self._now_seconds()
        try:
            readers = await self._log.readers()
            self._report_older(readers)
            if not readers or self._older:
                self._begin_anew()
            elif not self.reads and (self._is_settled(now) or await self._has_no_older_reader()):
                self.reads = [FRAMES]
            self._has_looked = self._has_looked or bool(readers)
            self._unlisted = 0
        except (Unavailable, LogMissing) as error:
            self._begin_anew()
            await self._report_unlisted(error)

    def _is_settled(self, now: float) -> bool:
        """Whether every look for long enough has shown that all readers read frames."""
        if self._all_read_since is None or not self.is_current():
            self._all_read_since = now
        return now > self._all_read_since + SETTLED_SECONDS

    def _begin_anew(self) -> None:
        self._all_read_since, self.reads = None, []

    async def _has_no_older_reader(self) -> bool:
        """Whether no older process can be about to read more of the log: it is new, or ends with a frame.

        A log that was restored is not new: its first message is older than its stream.
        """
        info = await self._log.describe()
        if info.last_sequence == NOTHING:
            return True
        last = await self._log.event_at(info.last_sequence)
        if last is not None and is_frame(last.subject):
            return True
        made = _since_1970_seconds(info.created)
        if self._now_since_1970_seconds() > made + NEW_SECONDS:
            return False
        return _since_1970_seconds(await self._log.stored_at(FIRST)) >= made

    def _report_older(self, readers: list[Reader]) -> None:
        """Log the readers that do not show that they read frames, if they changed."""
        older = sorted({reader_of(one.deliver) or one.name for one in readers if one.reads != FRAMES})
        if older and older != self._older:
            log.info("frames", why="not every reader of this region's log reads frames", readers=older)
        self._older = older

    async def _report_unlisted(self, error: Unavailable | LogMissing) -> None:
        """Log why the readers alone cannot be listed, after the second try. Other troubles are reported elsewhere."""
        with suppress(Unavailable, LogMissing):
            await self._log.describe()
            self._has_looked = True
            self._unlisted += 1
            if self._unlisted != UNLISTED_LOGGED:
                return
            why = f"NATS does not list the readers of this region's log: {error}"
            if isinstance(error, NotTaken):
                log.warning("frames", why=why, permission=f"CONSUMER.LIST.{stream_of(self._log.origin)}")
            else:
                log.info("frames", why=why)


def _since_1970_seconds(time_text: str) -> float:
    """A time of NATS, as RFC 3339, in seconds."""
    return datetime.fromisoformat(time_text).timestamp()
