"""Whether every process that follows this region's own log reads frames."""

import asyncio
from collections.abc import Callable
from time import monotonic

import structlog

from adapters.errors import LogMissing, Unavailable
from adapters.event_log import EventLog
from core.subjects import FRAMES

log = structlog.get_logger()

LOOK_SECONDS = 1.0
FIRST_LOOK_SECONDS = 0.05
"""The time between two looks until the first one succeeds."""

SETTLED_SECONDS = 15.0
"""How long no reader of an older version may be seen before there counts as none: one may be about to start again."""


class LogReaders:
    """Looks at the readers of one log. Every service and replicator of a region follows the region's own log."""

    def __init__(self, event_log: EventLog, *, now_seconds: Callable[[], float] = monotonic) -> None:
        self._log = event_log
        self._now_seconds = now_seconds
        self._is_known = False
        self._older_seen_at: float | None = None

    @property
    def reads(self) -> list[str]:
        """The forms of messages that all readers are known to read, beside those of one event."""
        is_settled = self._older_seen_at is None or self._now_seconds() > self._older_seen_at + SETTLED_SECONDS
        return [FRAMES] if self._is_known and is_settled else []

    async def keep_looking(self) -> None:
        """Look every `LOOK_SECONDS`, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS if self._is_known else FIRST_LOOK_SECONDS)

    async def look(self) -> None:
        """Look once. If the log does not answer, what was seen last stands."""
        try:
            is_read_in_frames = await self._log.is_read_in_frames()
        except (Unavailable, LogMissing):
            return
        if not is_read_in_frames:
            if self._older_seen_at is None:
                log.info("frames", why="a process of an older version reads this region's log: no frames until it ends")
            self._older_seen_at = self._now_seconds()
        self._is_known = True
