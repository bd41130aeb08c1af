"""The lag of every region as this service knows it, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from service.lag.sampling import LagSampling


class LagMetrics(Collector):
    """Three gauges, made for each scrape. What is not known has no value, not even an old one."""

    def __init__(self, sampling: LagSampling) -> None:
        self._sampling = sampling

    def collect(self) -> Iterator[Metric]:
        """The lags are of the last sample, at most a second old. The ages of announcements are of now."""
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
        if (sample := self._sampling.latest) is not None:
            for pair, lag in sample.lags.items():
                if lag.is_known:
                    events.add_metric(pair, lag.events)
                if lag.is_known and lag.milliseconds is not None:
                    seconds.add_metric(pair, lag.milliseconds / 1_000)
        known = self._sampling.known()
        for region in known.regions:
            ages.add_metric([region], known.now_seconds - known.heard_at_seconds(region))
        yield from (events, seconds, ages)
