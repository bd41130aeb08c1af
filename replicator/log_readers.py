"""Which forms every process that follows this region's own log reads."""

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
from core.subjects import FORMS, FRAMES, is_frame, reader_of, stream_of

log = structlog.get_logger()

LOOK_SECONDS = 1.0
FIRST_LOOK_SECONDS = 0.05
"""The time between two looks until the first one succeeds."""

SETTLED_SECONDS = 15.0
"""How long every look must show that all readers read a form: one of an older version may be about to start again.

All readers of a server that was started again are gone at first, and come back one by one. So a look that fails begins
this time anew.
"""


NEW_SECONDS = 5.0
"""How long a log is new. Its first processes have just started, and all of them read what those that follow read."""

FIRST = Sequence(1)

UNLISTED_LOGGED = 2
"""Which look in sequence that fails alone is logged. A server that has just started may fail one."""


class LogReaders:
    """Looks at the readers of one log. Every service and replicator of a region follows the region's own log.

    `reads` are those of `FORMS` that all readers are known to read. `is_current` is whether the region's projection is:
    a process that starts follows no log before.
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
        self._all_read_since: dict[str, float] = {}
        self._older: dict[str, list[str]] = {}
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
            await self._settle([form for form in FORMS if readers and not self._older[form]], now)
            self._has_looked = self._has_looked or bool(readers)
            self._unlisted = 0
        except (Unavailable, LogMissing) as error:
            self._begin_anew()
            await self._report_unlisted(error)

    async def _settle(self, read_by_all: list[str], now: float) -> None:
        """Note which forms all readers read now, and have read for long enough."""
        is_current = self.is_current()
        self._all_read_since = {
            form: self._all_read_since.get(form, now) if is_current else now for form in read_by_all
        }
        settled = {form for form, since in self._all_read_since.items() if now > since + SETTLED_SECONDS}
        settled |= set(self.reads)
        if not settled.issuperset(read_by_all):
            settled |= await self._without_older_readers()
        self.reads = [form for form in read_by_all if form in settled]

    def _begin_anew(self) -> None:
        self._all_read_since, self.reads = {}, []

    async def _without_older_readers(self) -> set[str]:
        """The forms of which no older process can be about to read more of the log.

        A new log has no older reader at all. A log that ends with a frame has none that reads no frames. A log that was
        restored is not new: its first message is older than its stream.
        """
        info = await self._log.describe()
        if info.last_sequence == NOTHING:
            return set(FORMS)
        made = _since_1970_seconds(info.created)
        is_young = self._now_since_1970_seconds() <= made + NEW_SECONDS
        if is_young and _since_1970_seconds(await self._log.stored_at(FIRST)) >= made:
            return set(FORMS)
        last = await self._log.event_at(info.last_sequence)
        return {FRAMES} if last is not None and is_frame(last.subject) else set()

    def _report_older(self, readers: list[Reader]) -> None:
        """Log the readers that do not show that they read a form, if they changed."""
        for form, words in FORMS.items():
            older = sorted({reader_of(one.deliver) or one.name for one in readers if form not in one.reads})
            if older and older != self._older.get(form):
                log.info(words, why=f"not every reader of this region's log reads {words}", readers=older)
            self._older[form] = older

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
