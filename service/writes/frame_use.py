"""Whether this region's log may take frames now, or only messages of one event, which older versions read. Pure."""

from collections.abc import Callable
from enum import StrEnum

import structlog

from adapters.session import Session
from core.positions import Mark
from service import metrics
from service.writes.batch import FRAME, MESSAGES, Form

log = structlog.get_logger()


class Frames(StrEnum):
    """When a service writes frames. `AUTO`: once every process of every region is known to read them."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class FrameUse:
    """The form of the next batch.

    `why_not_read` returns which regions are not known to read frames, in words; `""` if all are.
    """

    def __init__(self, setting: Frames) -> None:
        self._setting = setting
        self._reported: str | None = None
        self.why_not_read: Callable[[], str] = lambda: "no region has announced yet that it reads frames"

    def form(self, end: Mark, session: Session) -> Form:
        """The form of a batch after `end`, on this session. A frame leaves room for one more event of any size."""
        why_not = self._why_not(end)
        self._report(why_not)
        if why_not:
            return MESSAGES
        return FRAME._replace(bytes_max=min(FRAME.bytes_max, session.bytes_max // 2))

    def _why_not(self, end: Mark) -> str:
        match self._setting:
            case Frames.ALWAYS:
                return ""
            case Frames.NEVER:
                return "CROSSHOOK_FRAMES is never"
            case Frames.AUTO:
                # A log that has frames is read by no older version any more.
                return "" if end.count > end.sequence else self.why_not_read()

    def _report(self, why_not: str) -> None:
        """Log each change, and show it as a metric."""
        if why_not != self._reported:
            self._reported = why_not
            metrics.WRITES_FRAMES.set(0 if why_not else 1)
            log.info("frames", written=not why_not, **({"why": why_not} if why_not else {}))
