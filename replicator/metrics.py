"""What the replicator measures. docs/metrics.md says how to read each.

A child of a metric is looked up once for each origin, and not at every event.
"""

from prometheus_client import Counter, Gauge, Histogram

from core.positions import Region
from core.stamps import milliseconds, parse
from runtime.buckets import EVENTS, SECONDS

SHIPPED = Counter("crosshook_shipped_events_total", "Events appended to this region's copy of a log", ["origin"])
SHIP_BATCH = Histogram(
    "crosshook_ship_batch_events", "Events in a batch that was appended to a copy", ["origin"], buckets=EVENTS
)
SHIP_SECONDS = Histogram(
    "crosshook_ship_seconds", "Age of a batch's first event when the copy has it", ["origin"], buckets=SECONDS
)
APPLIED = Counter("crosshook_applied_events_total", "Events applied to this region's projection", ["origin"])
APPLY_BATCH = Histogram("crosshook_apply_batch_events", "Events in a script call", ["origin"], buckets=EVENTS)
APPLY_SECONDS = Histogram("crosshook_apply_seconds", "How long a script call took", ["origin"], buckets=SECONDS)
APPLY_AGE = Histogram(
    "crosshook_apply_age_seconds",
    "Age of a script call's first event when it was applied to a current projection",
    ["origin"],
    buckets=SECONDS,
)
WATERMARK = Gauge("crosshook_watermark_sequence", "Highest sequence applied here, with all below it", ["origin"])
CURRENT = Gauge("crosshook_projection_current", "1 while this region's projection is current")
REBUILD_MISSING = Gauge(
    "crosshook_rebuild_missing_events", "Events still to be applied before the projection is current", ["origin"]
)


HISTORY_SECONDS = 900.0
"""What is older says nothing of how long it took to come here, and its trace has ended."""


class Shipping:
    """What is measured of one origin's way into the copy."""

    def __init__(self, origin: Region) -> None:
        self._events = SHIPPED.labels(origin)
        self._batch = SHIP_BATCH.labels(origin)
        self._seconds = SHIP_SECONDS.labels(origin)

    def shipped(self, *, events: int, clock_text: str, now_milliseconds: int) -> None:
        """The copy has a batch. Its first event has this clock, `""` where it says none."""
        self._events.inc(events)
        self._batch.observe(events)
        if clock_text and not is_history(clock_text, now_milliseconds=now_milliseconds):
            self._seconds.observe(_age_seconds(clock_text, now_milliseconds))


class Applying:
    """What is measured of one origin's way into the projection."""

    def __init__(self, origin: Region) -> None:
        self._events = APPLIED.labels(origin)
        self._batch = APPLY_BATCH.labels(origin)
        self._seconds = APPLY_SECONDS.labels(origin)
        self._age = APPLY_AGE.labels(origin)

    def applied(self, *, events: int, seconds: float) -> None:
        """A script call applied so many events, and took so long."""
        self._events.inc(events)
        self._batch.observe(events)
        self._seconds.observe(seconds)

    def aged(self, *, clock_text: str, now_milliseconds: int) -> None:
        """An event with this clock was applied."""
        if not is_history(clock_text, now_milliseconds=now_milliseconds):
            self._age.observe(_age_seconds(clock_text, now_milliseconds))


def is_history(clock_text: str, *, now_milliseconds: int) -> bool:
    """Whether an event is so old that it is shipped or applied again, or for the first time in a region that is new."""
    return bool(clock_text) and _age_seconds(clock_text, now_milliseconds) > HISTORY_SECONDS


def _age_seconds(clock_text: str, now_milliseconds: int) -> float:
    """0 for an event from a clock that is ahead of ours: it is not known to have any."""
    return max(0, now_milliseconds - milliseconds(parse(clock_text))) / 1_000
