"""The header of every response against caches, and the responses that are made below an application.

The API key has its own header, so a cache cannot know that a response is for the key's holder alone (RFC 9111, 3.5).
"""

import json
from collections.abc import Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

Asgi = Callable[..., Any]

CACHE_CONTROL = b"cache-control"
NO_STORE = b"no-store"


class NotStored:
    """Middleware that marks every response as `no-store`, unless the application sets `Cache-Control` itself."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Asgi, send: Asgi) -> None:
        """Pass the request on, and return 500 if the application fails before it responds. The server logs why."""
        is_started = False

        async def send_marked(message: Mapping[str, Any]) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                message = {**message, "headers": not_stored(message.get("headers", ()))}
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except Exception:
            if not is_started:
                await _send_failure(send_marked)
            raise


def not_stored(headers: Any) -> list[tuple[bytes, bytes]]:  # noqa: ANN401 - any iterable of an ASGI server's pairs
    """`headers`, with `Cache-Control: no-store` unless they have a `Cache-Control`."""
    found = list(headers)
    for name, _ in found:
        if name.lower() == CACHE_CONTROL:
            return found
    found.append((CACHE_CONTROL, NO_STORE))
    return found


def envelope(status: int, message: str) -> bytes:
    """The body of an error, in the shape of the service's errors."""
    return json.dumps(
        {"meta": {}, "errors": [{"httpcode": status, "message": message}]}, separators=(",", ":")
    ).encode()


def closing_response(status: int, message: str) -> bytes:
    """A whole response, head and body, that ends its connection."""
    body = envelope(status, message)
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
        CACHE_CONTROL.decode(): NO_STORE.decode(),
        **({"retry-after": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}),
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _send_failure(send: Asgi) -> None:
    body = envelope(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected error; the service has logged it")
    headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    start: Mapping[str, Any] = {
        "type": "http.response.start",
        "status": HTTPStatus.INTERNAL_SERVER_ERROR.value,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})
