"""Retry keys: by which a repeated request is known again, and what is kept of the first (ADR 10).

A record of each keyed write is kept beside the registers for 24 hours of its stamp, in one bucket an hour and
organization, so that a whole bucket is forgotten at once. It is no part of what regions with equal vectors share.
"""

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from core.events import Envelope, Retry
from core.positions import Position
from core.registers import Recall, Record, stamp_of, value_of
from core.stamps import milliseconds, parse, stamp

KEPT_HOURS = 24
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


def recall(organization_id: str, retry: Retry, *, now_milliseconds: int) -> Recall:
    """Where the record of a request with `retry` is, if it is kept: also from a clock that is an hour ahead."""
    hour = now_milliseconds // _HOUR_MILLISECONDS
    return Recall(retry.key, tuple(_bucket(organization_id, hour - back) for back in range(-1, KEPT_HOURS + 1)))


def record_of(envelope: Envelope, position: Position, *, now_milliseconds: int) -> Record | None:
    """What to keep of an event that was asked for with a retry key; None if nothing, or not any more.

    A stamp that is ahead of the local clock counts as of now: nobody would look for it in the future.
    """
    if envelope.retry is None:
        return None
    mark = stamp(envelope.clock, position.origin, position.sequence)
    hour = min(milliseconds(parse(mark)), now_milliseconds) // _HOUR_MILLISECONDS
    seconds = ((hour + KEPT_HOURS + 1) * _HOUR_MILLISECONDS - now_milliseconds) // 1_000
    if seconds <= 0:
        return None
    value = f"{envelope.retry.payload} {envelope.operation_id}"
    return Record(_bucket(envelope.organization_id, hour), envelope.retry.key, mark + value, seconds)


def recorded_in(records: Iterable[str], *, now_milliseconds: int) -> Recorded | None:
    """The first of the `records` of one retry key that is not older than what is kept."""
    oldest = now_milliseconds - KEPT_HOURS * _HOUR_MILLISECONDS
    kept = [record for record in records if milliseconds(parse(record)) >= oldest]
    if not kept:
        return None
    payload, operation_id = value_of(min(kept, key=stamp_of)).split(" ")
    return Recorded(payload=payload, operation_id=operation_id)


def _bucket(organization_id: str, hour: int) -> str:
    return f"retries:{organization_id}:{hour}"
