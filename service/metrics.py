"""The metrics of the service. docs/metrics.md explains each.

A child of a metric is looked up once, where labels are few and known, and not at every event. Values that can be
computed at a scrape are not kept: `expose` binds them.
"""

from collections.abc import Callable, Mapping
from functools import partial

from prometheus_client import Counter, Gauge, Histogram

from core.consistency import BY_TOKEN, Level
from core.positions import Region
from core.topology import Topology
from runtime.buckets import EVENTS, SECONDS

REQUESTS = Counter("crosshook_http_requests_total", "Answered requests", ["route", "level", "status"])
WRITE_SECONDS = Histogram(
    "crosshook_write_seconds", "From a write's arrival to its success", ["level"], buckets=SECONDS
)
IN_FLIGHT = Gauge("crosshook_requests_in_flight", "Requests in flight: read, and not yet answered")
REQUESTS_WAITING = Gauge("crosshook_requests_waiting", "Requests that wait for watermarks, by level", ["level"])
REGION_ACTIVE = Gauge("crosshook_region_active", "1 if all_regions waits for a region", ["of"])
WAITING_FOR = Gauge("crosshook_waiting_for", "Requests that wait for a region to apply something", ["of"])
APPENDED = Counter("crosshook_appended_events_total", "Events appended to this region's own log by this process")
APPENDS = Counter("crosshook_appends_total", "Attempts to append a batch, by outcome", ["outcome"])
APPEND_BATCH = Histogram("crosshook_append_batch_events", "Events in a batch that was stored", buckets=EVENTS)
APPEND_SECONDS = Histogram(
    "crosshook_append_seconds", "From a batch's first attempt to the log's acknowledgement", buckets=SECONDS
)
WRITES_FRAMES = Gauge("crosshook_writes_frames", "1 while this process writes frames, 0 while older messages")
ACKNOWLEDGE_SECONDS = Histogram(
    "crosshook_acknowledge_seconds",
    "From storing a batch to the announcement that a region has applied all of it",
    ["of"],
    buckets=SECONDS,
)

WRITE_SECONDS_OF = {level: WRITE_SECONDS.labels(level) for level in Level}


def expose(
    here: Region,
    *,
    topology: Topology,
    in_flight: Callable[[], int],
    waiting: Mapping[str, int],
    waiting_for: Mapping[Region, int],
) -> None:
    """Bind the gauges of waiting requests to live counters: `waiting` by reason, `waiting_for` by region."""
    IN_FLIGHT.set_function(in_flight)
    for what in (*Level, BY_TOKEN):
        REQUESTS_WAITING.labels(what).set_function(partial(waiting.__getitem__, what))
    waited_for = topology.waited_for()
    for region in topology.regions:
        REGION_ACTIVE.labels(region).set(region in waited_for)
    for region in (here, *topology.others(here)):
        WAITING_FOR.labels(region).set_function(partial(waiting_for.__getitem__, region))
