"""The header of every response against caches, and the responses that are made below an application.

The API key has its own header, so a cache cannot know that a response is for the key's holder alone (RFC 9111, 3.5).
"""

import json
from http import HTTPStatus
from typing import Any

CACHE_CONTROL = b"cache-control"
NO_STORE = b"no-store"
_TRY_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


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
        **({"retry-after": "1"} if status in _TRY_AGAIN else {}),
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "", ""]).encode() + body
