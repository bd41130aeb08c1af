"""Reports the troubles that stop a step for an origin, as log lines and as a metric."""

import structlog
from prometheus_client import Gauge

from runtime.reminders import Reminders

log = structlog.get_logger()

HALTED = Gauge("crosshook_halted", "1 while an origin is halted in this region", ["step", "origin", "reason"])
WAITING = Gauge("crosshook_waiting", "1 while a step waits and retries for an origin", ["step", "origin", "reason"])


class Troubles:
    """One kind of trouble, by step and origin. A metric has its reason, and log lines its beginning and end."""

    def __init__(
        self, metric: Gauge, *, level: str, began: str, ended: str, reminders: Reminders | None = None
    ) -> None:
        self._metric = metric
        self._level = level
        self._began = began
        self._ended = ended
        self._reminders = reminders or Reminders()
        self._reasons: dict[tuple[str, str], str] = {}

    def began(self, step: str, origin: str, *, reason: str, why: str) -> bool:
        """Record that `step` is in trouble; repeated calls are fine. Returns whether it logged a line.

        `reason` is one word, `why` explains it.
        """
        before = self._reasons.get((step, origin), reason)
        if before != reason:
            self._metric.labels(step, origin, before).set(0)
        self._reasons[step, origin] = reason
        self._metric.labels(step, origin, reason).set(1)
        is_due = self._reminders.is_due((step, origin), f"{reason}: {why}")
        if is_due:
            getattr(log, self._level)(self._began, step=step, origin=origin, reason=reason, why=why)
        return is_due

    def ended(self, step: str, origin: str, *, is_told: bool = True) -> None:
        """Record that `step` continues. `is_told` is false, and nothing is logged, if other trouble has followed."""
        before = self._reasons.pop((step, origin), None)
        if before is None:
            return
        self._metric.labels(step, origin, before).set(0)
        if self._reminders.is_end_due((step, origin)) and is_told:
            log.info(self._ended, step=step, origin=origin)


def halts(reminders: Reminders | None = None) -> Troubles:
    """The troubles of this process that need an operator."""
    return Troubles(HALTED, level="error", began="halted", ended="resumed", reminders=reminders)


def waits(reminders: Reminders | None = None) -> Troubles:
    """The troubles of this process that may end without an operator."""
    return Troubles(WAITING, level="warning", began="waiting", ended="following", reminders=reminders)
