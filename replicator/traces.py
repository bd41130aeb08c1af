"""What was done with events is part of the traces that they came with."""

from collections.abc import Sequence

from adapters.follower import Stored
from core.positions import Region
from replicator.status import Step
from runtime.tracing import Tracing


def record_step(
    tracing: Tracing, step: Step, origin: Region, events: Sequence[Stored], *, began_nanoseconds: int
) -> None:
    """`step` was done with `events`, all at once, from then until now."""
    for event in events:
        if event.traceparent:
            tracing.record(
                step,
                traceparent=event.traceparent,
                began_nanoseconds=began_nanoseconds,
                attributes={"crosshook.origin": origin, "crosshook.sequence": event.sequence},
            )
