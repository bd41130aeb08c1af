"""Append to a stream: one message, or several as an atomic batch, at one place or not at all."""

from collections.abc import Mapping, Sequence

import msgspec
import nats.errors

from adapters.jetstream import API_TIMEOUT_SECONDS, Error, decoded
from adapters.session import Session
from core.subjects import TRACEPARENT

PLACE_TAKEN = frozenset({10071, 10164})
"""Something stands, or was proposed, where these messages would go."""

TOO_LARGE = 10054
"""A message is larger than this server or stream takes."""

NOT_AS_A_BATCH = frozenset({TOO_LARGE, 10174, 10176})
"""A batch is not taken as one. Of a message too large in its midst the server says only that it is incomplete."""

NOT_STORED = frozenset({0, 10109, 10201, 10210})
"""For certain not stored: nobody took it, the stream is sealed, a duplicate is in it, too many batches are open."""

_EXPECTED = "Nats-Expected-Last-Sequence"
_FRAME_BYTES = len("NATS/1.0\r\n\r\n")
_LINE_BYTES = len(": \r\n")

Message = tuple[str, bytes, str]
"""Subject, data, and the `traceparent` of the trace that it is part of, or `""`."""


class _Acknowledgement(msgspec.Struct, frozen=True):
    seq: int = 0
    error: Error | None = None


async def publish(session: Session, batch_id: str, messages: Sequence[Message], *, after: int) -> Error | int:
    """Append `messages` right after sequence `after`, several as one atomic batch: the last one's sequence, or why not.

    Source: NATS ADR-50. Raises `nats.errors.Error` where the answer did not come, and `Unavailable` where it is none;
    run it with `Session.run`.
    """
    headers = _headers(batch_id, messages, after=after)
    # The client looks at the data alone, and to a message that exceeds the limit with its headers the server answers
    # with the connection's end.
    size = max(_bytes_of(named, data) for (_, data, _), named in zip(messages, headers, strict=True))
    if size > session.bytes_max and size > (limit := await session.look_at_bytes_max()):
        why = f"an event of {size} bytes, and this NATS takes at most {limit} (max_payload)"
        return Error(code=400, err_code=TOO_LARGE, description=why)
    *first, (subject, data, _) = messages
    for (first_subject, first_data, _), named in zip(first, headers, strict=False):
        await session.client.publish(first_subject, first_data, headers=named)
    try:
        answer = await session.client.request(subject, data, timeout=API_TIMEOUT_SECONDS, headers=headers[-1])
    except nats.errors.NoRespondersError:
        return Error(code=503, description="no stream takes this subject")
    acknowledgement = decoded(answer.data, _Acknowledgement)
    return acknowledgement.error or acknowledgement.seq


def _headers(batch_id: str, messages: Sequence[Message], *, after: int) -> list[dict[str, str]]:
    """Each message's. What one says of its trace is the one header that its copies have too."""
    traced = [{TRACEPARENT: traceparent} if traceparent else {} for _, _, traceparent in messages]
    traced[0][_EXPECTED] = str(after)
    if len(messages) > 1:
        for number, headers in enumerate(traced, start=1):
            headers |= {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(number)}
        traced[-1]["Nats-Batch-Commit"] = "1"
    return traced


def _bytes_of(headers: Mapping[str, str], data: bytes) -> int:
    """What a server counts of a message."""
    return len(data) + _FRAME_BYTES + sum(len(name) + len(value) + _LINE_BYTES for name, value in headers.items())
