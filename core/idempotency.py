"""Retry keys: by which a repeated request is known again, and what is kept of the first (ADR 10).

A record of each keyed write is kept beside the registers for 24 hours of its stamp or up to one more, in one bucket an
hour and holder, so that a whole bucket is forgotten at once. Regions with equal vectors need not share them.
"""

from collections.abc import Collection
from hashlib import blake2b

import msgspec

from core.events import ADMINISTRATOR, Envelope, Retry
from core.positions import Position
from core.registers import Recall, Record, stamp_of, value_of
from core.stamps import Clock, milliseconds, parse, stamp

KEPT_HOURS = 24
SKEW_HOURS = 12
"""By so much the clocks of a region's processes may differ before one does not find what another has kept."""

_HOUR_MILLISECONDS = 3_600_000


class Recorded(msgspec.Struct, frozen=True):
    """The first request with a retry key: what it asked for, and the operation that it became."""

    payload: str
    operation_id: str


def retry_of(*, organization_id: str, method: str, path: str, key: str, payload: bytes) -> Retry:
    """By which a request with that retry key and payload is known again."""
    scope = f"{organization_id}\n{method}\n{path}\n{key}"
    return Retry(
        key=blake2b(scope.encode(), digest_size=16).hexdigest(),
        payload=blake2b(payload, digest_size=8).hexdigest(),
    )


def holder_of(organization_id: str, *, author: str) -> str:
    """Whose retry keys a request counts among: its organization's, or those that the administrator uses for that."""
    return f"{ADMINISTRATOR}:{organization_id}" if author == ADMINISTRATOR else organization_id


def recall(holder: str, retry: Retry, *, now_milliseconds: int) -> Recall:
    """Where the record of a request with `retry` is, if it is kept."""
    hour = now_milliseconds // _HOUR_MILLISECONDS
    hours = range(hour - KEPT_HOURS - SKEW_HOURS, hour + SKEW_HOURS + 1)
    return Recall(retry.key, tuple(_bucket(holder, hour) for hour in hours))


def is_kept(clock: Clock, *, now_milliseconds: int) -> bool:
    """Whether what was asked for with a retry key at `clock` is still known again."""
    return _seconds_left(milliseconds(clock) // _HOUR_MILLISECONDS, now_milliseconds) > 0


def record_of(envelope: Envelope, position: Position, *, now_milliseconds: int) -> Record | None:
    """What to keep of an event that was asked for with a retry key; None if nothing, or not any more.

    A stamp that is ahead of the local clock counts as of now: nobody would look for it in the future.
    """
    if envelope.retry is None:
        return None
    mark = stamp(envelope.clock, position.origin, position.sequence)
    hour = min(milliseconds(parse(mark)), now_milliseconds) // _HOUR_MILLISECONDS
    seconds = _seconds_left(hour, now_milliseconds)
    if seconds <= 0:
        return None
    value = f"{envelope.retry.payload} {envelope.operation_id}"
    holder = holder_of(envelope.organization_id, author=envelope.author)
    return Record(_bucket(holder, hour), envelope.retry.key, mark + value, seconds)


def recorded_in(records: Collection[str]) -> Recorded | None:
    """The first of the `records` of one retry key, if there are any."""
    if not records:
        return None
    payload, operation_id = value_of(min(records, key=stamp_of)).split(" ")
    return Recorded(payload=payload, operation_id=operation_id)


def _seconds_left(hour: int, now_milliseconds: int) -> int:
    """How long a bucket is kept from now on: until what came last into it is `KEPT_HOURS` old."""
    return ((hour + KEPT_HOURS + 1) * _HOUR_MILLISECONDS - now_milliseconds) // 1_000


def _bucket(holder: str, hour: int) -> str:
    return f"retries:{holder}:{hour}"
