"""A large response is sent in pieces, each after the client has taken most of the one before."""

from collections.abc import Callable, Mapping
from typing import Any

PIECE_BYTES = 256 * 1024
"""The bytes of one piece.

A client that takes nothing for some seconds is cut off, so a piece is small enough for a slow one. A request is over
once all but the last piece is taken.
"""

Asgi = Callable[..., Any]


async def send_in_pieces(send: Asgi, message: Mapping[str, Any]) -> None:
    """Send one message of a response. The server waits in `send` until there is room."""
    body = message.get("body", b"")
    if len(body) <= PIECE_BYTES or message["type"] != "http.response.body":
        await send(message)
        return
    for start in range(0, len(body), PIECE_BYTES):
        is_last = start + PIECE_BYTES >= len(body)
        more_body = message.get("more_body", False) or not is_last
        await send({**message, "body": body[start : start + PIECE_BYTES], "more_body": more_body})
