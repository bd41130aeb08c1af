"""The lag of every region as this service knows it, for Prometheus."""

from collections.abc import Callable, Iterator
from time import monotonic

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from service.lag_sampling import LagSample


class LagMetrics(Collector):
    """Three gauges, made when they are asked for: what is not known has no value, and leaves none behind."""

    def __init__(self, latest: Callable[[], LagSample | None]) -> None:
        self._latest = latest

    def collect(self) -> Iterator[Metric]:
        """The gauges of the last sample, which is at most a second old."""
        events = GaugeMetricFamily(
            "crosshook_lag_events",
            "Events of an origin that a region is not known to have applied",
            labels=["behind", "origin"],
        )
        seconds = GaugeMetricFamily(
            "crosshook_lag_seconds",
            "Age of the oldest event of an origin that a region is not known to have applied",
            labels=["behind", "origin"],
        )
        ages = GaugeMetricFamily("crosshook_announcement_age_seconds", "Since a region was last heard", labels=["of"])
        if (sample := self._latest()) is not None:
            for pair, lag in sample.lags.items():
                if lag.is_known:
                    events.add_metric(pair, lag.events)
                if lag.is_known and lag.milliseconds is not None:
                    seconds.add_metric(pair, lag.milliseconds / 1_000)
            now = monotonic()
            for region in sample.known.regions:
                ages.add_metric([region], max(0.0, now - sample.known.heard_at_seconds(region)))
        yield from (events, seconds, ages)
