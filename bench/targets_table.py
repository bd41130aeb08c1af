"""The figures that have a target, beside it. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from bench.report import Report
from bench.space import Space
from bench.targets import EVENT_LOG_BYTES, TRIGGER_REDIS_BYTES, Target

HEADINGS = ("against targets", "measured", "target")


class Row(NamedTuple):
    """A figure, the number of digits to show after the point, and its target if it has one."""

    name: str
    figure: float
    digits: int
    target: Target | None = None

    def texts(self) -> list[str]:
        """The cells of the row."""
        verdict = "" if self.target is None or self.target.is_reached(self.figure) else ", missed"
        return [self.name, f"{self.figure:,.{self.digits}f}", f"{self.target or ''}{verdict}"]


def target_rows(report: Report) -> list[Row]:
    """The rows of every such part that was measured."""
    return [*(_space(report.space) if report.space is not None else ())]


def _space(found: Space) -> Iterator[Row]:
    trigger = f"Redis, bytes a trigger at {found.triggers_of_a_webhook} a webhook, {found.webhooks:,} webhooks"
    yield Row(trigger, found.redis_bytes, 1, TRIGGER_REDIS_BYTES)
    yield Row(f"log, bytes an event in frames of {found.frame_events}", found.log_bytes, 1, EVENT_LOG_BYTES)
