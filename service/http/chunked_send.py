"""A large answer goes out in pieces, each once the client has taken most of the one before."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

PIECE_BYTES = 256 * 1024
"""How much is handed on at once.

A client that takes nothing for some seconds is cut off, so a piece is small enough for a slow one. A request is over
once all but the last piece is taken.
"""

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Any]


class ChunkedSend:
    """An ASGI application around another one."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Pass the request on, and its answer back. The server waits in `send` until there is room."""

        async def send_in_pieces(message: Mapping[str, Any]) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= PIECE_BYTES:
                await send(message)
                return
            for start in range(0, len(body), PIECE_BYTES):
                is_last = start + PIECE_BYTES >= len(body)
                more_body = message.get("more_body", False) or not is_last
                await send({**message, "body": body[start : start + PIECE_BYTES], "more_body": more_body})

        await self._app(scope, receive, send_in_pieces)
