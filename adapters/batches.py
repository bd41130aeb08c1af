"""How many events to append to a log at once."""

from collections.abc import Sequence

from adapters.follower import Stored

BATCH_EVENTS_MAX = 500
"""Half of what the server takes in a batch; more does not make it faster."""

BATCH_BYTES_MAX = 4 * 1024 * 1024
"""So that a batch is stored long before anybody gives up waiting: 500 events of 64 KiB would be 32 MB."""

ONE_BY_ONE_MAX = 8
"""Up to so many events are appended faster one after the other (ADR 7: 0.3 ms each) than as a batch (3 ms)."""


def batch_size(waiting: int) -> int:
    """How many of `waiting` events to append at once, so that the last of them is stored soonest."""
    return 1 if waiting <= ONE_BY_ONE_MAX else min(waiting, BATCH_EVENTS_MAX)


def batch_of(waiting: Sequence[Stored]) -> Sequence[Stored]:
    """Those of `waiting` to append at once: `batch_size` of them, but no more bytes than `BATCH_BYTES_MAX`.

    At least one: a single event is never larger than the server takes.
    """
    batch = waiting[: batch_size(len(waiting))]
    total = 0
    for count, event in enumerate(batch):
        total += len(event.data)
        if count and total > BATCH_BYTES_MAX:
            return batch[:count]
    return batch
