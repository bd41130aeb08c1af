"""Compare the end of this region's log with marks of other regions that are ahead of what was read here."""

import structlog

from adapters.errors import LogMissing, Unavailable
from adapters.event_log import EventLog
from service.writes.log_state import LogState

log = structlog.get_logger()


class MarkComparison:
    """Finds out whether the log went back: then it ends before an event that another region has applied."""

    def __init__(self, state: LogState, event_log: EventLog) -> None:
        self._state = state
        self._log = event_log

    async def compare(self) -> None:
        """Look at each mark that is ahead. A log that is missing or does not answer proves nothing."""
        if not (ahead := self._state.forks.ahead):
            return
        try:
            info = await self._log.describe()
            if any(mark.sequence > info.last_sequence for mark in ahead.values()):
                info = await self._log.ascertain()
        except (Unavailable, LogMissing):
            return
        for region, mark in ahead.items():
            if mark.sequence > info.last_sequence:
                log.error("own log", region=region, applied=mark.sequence, last_sequence=info.last_sequence)
                self._state.forks.ends_before(region, mark, last_sequence=info.last_sequence)
