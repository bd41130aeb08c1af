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


def record_step(tracer: Tracer, step: Step, origin: Region, messages: Sequence[Stored]) -> None:
    """Record `step` for each event of `messages`, from its arrival until now. The traces of old events have ended."""
    if not any(message.traceparent for message in messages):
        return
    now_milliseconds = time_ns() // 1_000_000
    if metrics.is_history(clock_text_in(messages[0].data), now_milliseconds=now_milliseconds):
        return
    for message in messages:
        for traceparent in message.traceparents:
            record(
                tracer,
                step,
                traceparent=traceparent,
                began_nanoseconds=message.heard_nanoseconds,
                attributes={"crosshook.origin": origin, "crosshook.sequence": message.sequence},
            )
