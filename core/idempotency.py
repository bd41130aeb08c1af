"""Idempotency keys: a record of the first request recognizes a repeated one (ADR 10).

A record of each keyed write is kept beside the registers until 24 to 25 hours after its stamp. Each holder has one
bucket an hour, so that a whole bucket is forgotten at once. Regions with equal vectors need not share records.
"""

from collections.abc import Collection
from hashlib import blake2b

import msgspec

from core.events import ADMINISTRATOR, IdempotencyKey, is_administrator
from core.frames import LoggedEvent
from core.registers import Recall, Record, stamp_of, value_of
from core.stamps import Clock, milliseconds, parse, stamp

KEPT_HOURS = 24
SKEW_HOURS = 12
"""How far the clocks of a region's processes may differ while each finds the records of the others."""

_HOUR_MILLISECONDS = 3_600_000


class Recorded(msgspec.Struct, frozen=True):
    """The first request with an idempotency key: its payload, and its operation."""

    payload: str
    operation_id: str


def idempotency_key_of(*, organization_id: str, method: str, path: str, key: str, payload: bytes) -> IdempotencyKey:
    """The fingerprints of an idempotency key and of its payload, for the log."""
    scope = f"{organization_id}\n{method}\n{path}\n{key}"
    return IdempotencyKey(
        key=blake2b(scope.encode(), digest_size=16).hexdigest(),
        payload=blake2b(payload, digest_size=8).hexdigest(),
    )


def holder_of(organization_id: str, *, author: str) -> str:
    """The holder whose limit counts this key: the organization, or the administrators acting for it together.

    So a request is recognized again if it is repeated with another admin key, as while an admin key is changed.
    """
    return f"{ADMINISTRATOR}:{organization_id}" if is_administrator(author) else organization_id


def recall(holder: str, idempotency_key: IdempotencyKey, *, now_milliseconds: int) -> Recall:
    """Where the record of the first request with `idempotency_key` is, if it is kept."""
    hour = now_milliseconds // _HOUR_MILLISECONDS
    hours = range(hour - KEPT_HOURS - SKEW_HOURS, hour + SKEW_HOURS + 1)
    return Recall(idempotency_key.key, tuple(_bucket(holder, hour) for hour in hours))


def is_kept(clock: Clock, *, now_milliseconds: int) -> bool:
    """Whether a request with an idempotency key is still recognized if its first one came at `clock`."""
    return _seconds_left(milliseconds(clock) // _HOUR_MILLISECONDS, now_milliseconds) > 0


def record_of(logged: LoggedEvent, *, now_milliseconds: int) -> Record | None:
    """The record of an event whose request had an idempotency key; None if it had none, or is too old.

    A stamp that is ahead of the local clock counts as now: no reader looks for it in the future.
    """
    envelope, position = logged.envelope, logged.position
    if envelope.idempotency_key is None:
        return None
    event_stamp = stamp(envelope.clock, position.origin, position.sequence)
    hour = min(milliseconds(parse(event_stamp)), now_milliseconds) // _HOUR_MILLISECONDS
    seconds = _seconds_left(hour, now_milliseconds)
    if seconds <= 0:
        return None
    value = f"{envelope.idempotency_key.payload} {logged.operation_id}"
    holder = holder_of(envelope.organization_id, author=envelope.author)
    return Record(_bucket(holder, hour), envelope.idempotency_key.key, event_stamp + value, seconds)


def recorded_in(records: Collection[str]) -> Recorded | None:
    """The first of the `records` of one idempotency key, if there are any."""
    if not records:
        return None
    payload, operation_id = value_of(min(records, key=stamp_of)).split(" ")
    return Recorded(payload=payload, operation_id=operation_id)


def _seconds_left(hour: int, now_milliseconds: int) -> int:
    """How many seconds a bucket is kept from now on: until its last record is `KEPT_HOURS` old."""
    return ((hour + KEPT_HOURS + 1) * _HOUR_MILLISECONDS - now_milliseconds) // 1_000


def _bucket(holder: str, hour: int) -> str:
    return f"retries:{holder}:{hour}"
