"""The number of events that one append takes."""

from collections.abc import Sequence

from adapters.follower import Stored

BATCH_EVENTS_MAX = 500
"""Half of the server's limit for a batch. Larger batches are no faster."""

BATCH_BYTES_MAX = 4 * 1024 * 1024
"""A larger batch could miss its time-out: 500 events of 64 KiB would be 32 MB."""

ONE_BY_ONE_MAX = 8
"""Up to this number, single appends (0.3 ms each, ADR 7) are faster than one batch (3 ms)."""


def batch_size(waiting: int) -> int:
    """The number of `waiting` events to append at once, so that the last one is stored as early as possible."""
    return 1 if waiting <= ONE_BY_ONE_MAX else min(waiting, BATCH_EVENTS_MAX)


def batch_of(waiting: Sequence[Stored]) -> Sequence[Stored]:
    """The `waiting` events to append at once: at most `batch_size` of them and `BATCH_BYTES_MAX` bytes.

    It has at least one, because the server accepts any single event.
    """
    batch = waiting[: batch_size(len(waiting))]
    total = 0
    for count, event in enumerate(batch):
        total += len(event.data)
        if count and total > BATCH_BYTES_MAX:
            return batch[:count]
    return batch
