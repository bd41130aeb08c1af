"""A large body goes out in pieces, and a request is over once the client has taken them."""

from collections.abc import Mapping
from typing import Any

import pytest

from service.http.chunked_send import PIECE_BYTES, send_in_pieces

Message = Mapping[str, Any]


async def sent(*messages: Message) -> list[Message]:
    """The messages that the server receives for a response."""
    handed: list[Message] = []

    async def send(message: Message) -> None:
        handed.append(message)

    for message in messages:
        await send_in_pieces(send, message)
    return handed


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
async def test_a_body_arrives_whole_and_only_its_last_piece_ends_it(size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}
    first, *pieces = await sent(start, {"type": "http.response.body", "body": body[:size]})
    assert first == start
    assert b"".join(piece["body"] for piece in pieces) == body[:size]
    assert all(len(piece["body"]) <= PIECE_BYTES for piece in pieces)
    assert [piece.get("more_body", False) for piece in pieces] == [True] * (len(pieces) - 1) + [False]


async def test_a_body_with_more_to_come_is_not_ended_by_its_pieces() -> None:
    body: Message = {"type": "http.response.body", "body": b"x" * (PIECE_BYTES + 1), "more_body": True}
    assert [piece["more_body"] for piece in await sent(body)] == [True, True]
