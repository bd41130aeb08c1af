"""The replicator's metrics. docs/metrics.md explains each.

The child of a metric is looked up once for each origin, not at every event.
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
WATERMARK = Gauge("crosshook_watermark_sequence", "Highest sequence applied here; every lower one is too", ["origin"])
CURRENT = Gauge("crosshook_projection_current", "1 while this region's projection is current")
REBUILD_MISSING = Gauge(
    "crosshook_rebuild_missing_events", "Messages still to be applied before the projection is current", ["origin"]
)


HISTORY_SECONDS = 900.0
"""The age of an older event does not show how long it took to arrive, and its trace has ended."""


class Shipping:
    """The metrics of shipping one origin."""

    def __init__(self, origin: Region) -> None:
        self._events = SHIPPED.labels(origin)
        self._batch = SHIP_BATCH.labels(origin)
        self._seconds = SHIP_SECONDS.labels(origin)

    def shipped(self, *, events: int, clock_text: str, now_milliseconds: int) -> None:
        """Count a batch that the copy has. Its first event has this clock, `""` if it has none."""
        self._events.inc(events)
        self._batch.observe(events)
        if clock_text and not is_history(clock_text, now_milliseconds=now_milliseconds):
            self._seconds.observe(_age_seconds(clock_text, now_milliseconds))


class Applying:
    """The metrics of applying one origin."""

    def __init__(self, origin: Region) -> None:
        self._events = APPLIED.labels(origin)
        self._batch = APPLY_BATCH.labels(origin)
        self._seconds = APPLY_SECONDS.labels(origin)
        self._age = APPLY_AGE.labels(origin)

    def applied(self, *, events: int, seconds: float) -> None:
        """Count a script call that applied `events` within `seconds`."""
        self._events.inc(events)
        self._batch.observe(events)
        self._seconds.observe(seconds)

    def aged(self, *, clock_text: str, now_milliseconds: int) -> None:
        """Record the age of an applied event with this clock."""
        if not is_history(clock_text, now_milliseconds=now_milliseconds):
            self._age.observe(_age_seconds(clock_text, now_milliseconds))


def is_history(clock_text: str, *, now_milliseconds: int) -> bool:
    """Whether an event is so old that it is only shipped or applied for a rebuild or for a new region."""
    return bool(clock_text) and _age_seconds(clock_text, now_milliseconds) > HISTORY_SECONDS


def _age_seconds(clock_text: str, now_milliseconds: int) -> float:
    """The age by our clock; 0 if the event's clock is ahead of ours."""
    return max(0, now_milliseconds - milliseconds(parse(clock_text))) / 1_000
