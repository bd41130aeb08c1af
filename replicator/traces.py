"""Spans of a step for its events, in the events' traces."""

from collections.abc import Sequence
from time import time_ns

from opentelemetry.trace import Tracer

from adapters.follower import Stored
from core.codec import clock_text_in
from core.positions import Region
from replicator import metrics
from replicator.status import Step
from runtime.tracing import record


def record_step(tracer: Tracer, step: Step, origin: Region, events: Sequence[Stored]) -> None:
    """Record `step` for each of `events`, from its arrival until now. The traces of old events have ended."""
    if not any(event.traceparent for event in events):
        return
    now_milliseconds = time_ns() // 1_000_000
    if metrics.is_history(clock_text_in(events[0].data), now_milliseconds=now_milliseconds):
        return
    for event in events:
        if event.traceparent:
            record(
                tracer,
                step,
                traceparent=event.traceparent,
                began_nanoseconds=event.heard_nanoseconds,
                attributes={"crosshook.origin": origin, "crosshook.sequence": event.sequence},
            )
