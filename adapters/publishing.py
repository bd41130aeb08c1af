"""Append to a stream: one message, or several as an atomic batch, at one place or not at all."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from adapters.errors import NotTaken, Unavailable
from adapters.jetstream import API_TIMEOUT_SECONDS, Error, decoded
from adapters.session import Session
from core.subjects import TRACEPARENT

PLACE_TAKEN = frozenset({10071, 10164})
"""The place of these messages is taken, or another message was proposed for it."""

TOO_LARGE = 10054
"""A message is larger than this server or stream accepts."""

NOT_AS_A_BATCH = frozenset({TOO_LARGE, 10174, 10176})
"""The server refuses the batch as a whole. If one message in it is too large, it reports only "incomplete"."""

NOT_STORED = frozenset({0, 10109, 10201, 10210})
"""Certainly not stored: no stream took it, the stream is sealed, it has a duplicate, or too many batches are open."""

_EXPECTED = "Nats-Expected-Last-Sequence"
_FRAME_BYTES = len("NATS/1.0\r\n\r\n")
_LINE_BYTES = len(": \r\n")

Message = tuple[str, bytes, str]
"""Subject, data, and the `traceparent` of the trace that it is part of, or `""`."""


class _Acknowledgement(msgspec.Struct, frozen=True):
    seq: int = 0
    error: Error | None = None


async def publish(session: Session, batch_id: str, messages: Sequence[Message], *, after: int) -> Error | int:
    """Append `messages` right after `after`, several as one atomic batch. Returns the last sequence or an error.

    Raises `Unavailable` without an answer, or for one of another shape. Source: NATS ADR-50.
    """
    headers = _headers(batch_id, messages, after=after)
    # The client checks the data alone. If data and headers exceed the limit, the server ends the connection.
    size = max(_bytes_of(named, data) for (_, data, _), named in zip(messages, headers, strict=True))
    if size > session.bytes_max and size > (limit := await session.look_at_bytes_max()):
        why = f"an event of {size} bytes, and this NATS takes at most {limit} (max_payload)"
        return Error(code=400, err_code=TOO_LARGE, description=why)
    *first, (subject, data, _) = messages
    if first:
        await _send(session, first, headers)
    try:
        answer = await session.request(subject, data, timeout_seconds=API_TIMEOUT_SECONDS, headers=headers[-1])
    except NotTaken:
        return Error(code=503, description="no stream takes this subject")
    acknowledgement = decoded(answer.data, _Acknowledgement)
    return acknowledgement.error or acknowledgement.seq


async def _send(session: Session, messages: Sequence[Message], headers: Sequence[dict[str, str]]) -> None:
    """Send the messages before the last one. A connection that takes no more bytes is no reason to wait for long."""
    try:
        async with asyncio.timeout(API_TIMEOUT_SECONDS):
            for (subject, data, _), named in zip(messages, headers, strict=False):
                await session.publish(subject, data, headers=named)
    except TimeoutError:
        raise Unavailable(f"the batch was not sent within {API_TIMEOUT_SECONDS:g} s") from None


def _headers(batch_id: str, messages: Sequence[Message], *, after: int) -> list[dict[str, str]]:
    """The headers of each message. Of these, copies in other regions have only the `traceparent`."""
    traced = [{TRACEPARENT: traceparent} if traceparent else {} for _, _, traceparent in messages]
    traced[0][_EXPECTED] = str(after)
    if len(messages) > 1:
        for number, headers in enumerate(traced, start=1):
            headers |= {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(number)}
        traced[-1]["Nats-Batch-Commit"] = "1"
    return traced


def _bytes_of(headers: Mapping[str, str], data: bytes) -> int:
    """The size of a message as a server counts it."""
    return len(data) + _FRAME_BYTES + sum(len(name) + len(value) + _LINE_BYTES for name, value in headers.items())
