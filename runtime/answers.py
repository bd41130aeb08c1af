"""What every answer carries, and the answers that are made below an application.

A key travels in a header of its own, so that no cache knows that an answer is for its holder alone (RFC 9111, 3.5).
"""

import json
from collections.abc import Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

Asgi = Callable[..., Any]

CACHE_CONTROL = b"cache-control"
NO_STORE = b"no-store"


class NotStored:
    """An ASGI application around another one, whose answers no cache keeps unless they say otherwise themselves."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Asgi, send: Asgi) -> None:
        """Pass the request on, and answer 500 if the application dies without an answer. The server logs why."""
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
    """`headers`, and `Cache-Control: no-store` unless they say something of caches."""
    found = list(headers)
    for name, _ in found:
        if name.lower() == CACHE_CONTROL:
            return found
    found.append((CACHE_CONTROL, NO_STORE))
    return found


def envelope(status: int, message: str) -> bytes:
    """The body of an answer that says what is wrong, in the shape of the service's errors."""
    return json.dumps(
        {"meta": {}, "errors": [{"httpcode": status, "message": message}]}, separators=(",", ":")
    ).encode()


def closing_answer(status: int, message: str) -> bytes:
    """A whole answer, head and body, to send on a connection that ends with it."""
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
    body = envelope(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected error; it has been logged")
    headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    start: Mapping[str, Any] = {
        "type": "http.response.start",
        "status": HTTPStatus.INTERNAL_SERVER_ERROR.value,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})
