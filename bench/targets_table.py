"""The figures that have a target, beside it. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from bench.catch_up import CatchUp
from bench.memory import MEBIBYTE
from bench.rebuild import Rebuild
from bench.report import Report
from bench.space import Space
from bench.targets import (
    CATCH_UP_SECONDS,
    EVENT_LOG_BYTES,
    REBUILD_RATIO,
    TRIGGER_REDIS_BYTES,
    WAITING_MEBIBYTES,
    Target,
)
from bench.waiting import Waiting

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
    return [
        *(_rebuild(report.rebuild) if report.rebuild is not None else ()),
        *(_catch_up(report.catch_up) if report.catch_up is not None else ()),
        *(_space(report.space) if report.space is not None else ()),
        *(_waiting(report.waiting) if report.waiting is not None else ()),
    ]


def _rebuild(found: Rebuild) -> Iterator[Row]:
    yield Row(f"rebuild, events/s of {found.events:,} in frames of {found.frame_events}", found.per_second.median, 0)
    yield Row("the script alone, fed the same writes, events/s", found.script_per_second.median, 0)
    yield Row("rebuild ÷ the script alone", found.ratio.median, 2, REBUILD_RATIO)
    yield Row("the replicator before, MiB", found.resident_bytes_before / MEBIBYTE, 0)
    yield Row("the replicator at its most, MiB", found.resident_bytes_most / MEBIBYTE, 0)


def _catch_up(found: CatchUp) -> Iterator[Row]:
    behind = f"seconds from the heal until everything is everywhere, {found.events:,} events behind"
    yield Row(f"{behind} after {found.cut_seconds:g} s", found.everywhere_after_seconds, 2, CATCH_UP_SECONDS)


def _space(found: Space) -> Iterator[Row]:
    trigger = f"Redis, bytes a trigger at {found.triggers_of_a_webhook} a webhook, {found.webhooks:,} webhooks"
    yield Row(trigger, found.redis_bytes, 1, TRIGGER_REDIS_BYTES)
    yield Row(f"log, bytes an event in frames of {found.frame_events}", found.log_bytes, 1, EVENT_LOG_BYTES)


def _waiting(found: Waiting) -> Iterator[Row]:
    yield Row("requests that waited at the same time in one service", found.requests, 0)
    yield Row("of them answered 201 after the heal", found.created, 0)
    yield Row("of them answered 408 at their deadline", found.late, 0)
    yield Row("seconds from the heal to the last response", found.served_after_seconds, 2)
    yield Row("the service before, MiB", found.resident_bytes_before / MEBIBYTE, 0)
    yield Row("the service at its most, MiB", found.resident_bytes_most / MEBIBYTE, 0, WAITING_MEBIBYTES)
    yield Row("percent of a core while they waited", 100 * found.idle_processor, 1)
