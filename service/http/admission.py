"""Who is let in: when a request arrived, its body whole and in time, and how many may be in flight."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from enum import Enum
from typing import Any

from service.http.envelope import LATE, failure, send_whole

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Any]

BODY_SECONDS = 10.0
"""How long a body may take to come, from when the request's head arrived."""

NEVER_REFUSED = frozenset({"/livez", "/readyz", "/metrics"})

NEVER_REFUSED_BELOW = "/dashboard"
"""Who looks what is the matter takes nobody's place. How many may look is limited there."""

_ARRIVAL = "crosshook.arrival"
_IS_GIVEN_UP = "crosshook.is_given_up"


class _NoBody(Enum):
    """Why there is no body."""

    TOO_LARGE = "too large"
    TOO_LATE = "too late"
    DISCONNECTED = "disconnected"


def arrival_of(scope: Mapping[str, Any]) -> float:
    """When the request's head arrived, in the event loop's time."""
    return float(scope[_ARRIVAL])


def is_given_up(scope: Mapping[str, Any]) -> bool:
    """Whether the request's connection ended before all of it had come, so that nobody is there to be answered."""
    return _IS_GIVEN_UP in scope


class Admission:
    """An ASGI application around another one. `in_flight` is how many requests that were let in have no answer."""

    def __init__(
        self, app: Asgi, *, requests_max: int, body_bytes_max: int, body_seconds: float = BODY_SECONDS
    ) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max
        self._requests_max = requests_max
        self._body_seconds = body_seconds
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Pass the request on once its body is here. 413, 408 or 503 where it is too large, late or one too many.

        A body that does not come holds a connection, not one of `requests_max` places. A client that goes
        away while it sends gets no answer.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[_ARRIVAL] = asyncio.get_running_loop().time()
        if scope["path"] in NEVER_REFUSED or scope["path"].startswith(NEVER_REFUSED_BELOW):
            await self._app(scope, receive, send)
            return
        match await self._body(scope, receive):
            case _NoBody.TOO_LARGE:
                await send_whole(send, failure(413, f"body: expected at most {self._body_bytes_max} bytes"))
            case _NoBody.TOO_LATE:
                late = f"body: it did not arrive within {self._body_seconds:g} s"
                await send_whole(send, failure(408, late, headers={**LATE, "Connection": "close"}))
            case _NoBody.DISCONNECTED:
                scope[_IS_GIVEN_UP] = True
            case bytes(body):
                await self._admit(scope, _replay(body, receive), send)

    async def _admit(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        if self.in_flight >= self._requests_max:
            message = "this process has too many requests waiting; try again"
            await send_whole(send, failure(503, message, headers={"Retry-After": "1"}))
            return
        self.in_flight += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.in_flight -= 1

    async def _body(self, scope: Scope, receive: Asgi) -> bytes | _NoBody:
        if _declared_bytes(scope) > self._body_bytes_max:
            return _NoBody.TOO_LARGE
        body = bytearray()
        try:
            async with asyncio.timeout_at(arrival_of(scope) + self._body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return _NoBody.DISCONNECTED
                    body += message.get("body", b"")
                    if len(body) > self._body_bytes_max:
                        return _NoBody.TOO_LARGE
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            return _NoBody.TOO_LATE


def _declared_bytes(scope: Scope) -> int:
    """What the head says of the body's length: nobody has to send a body that will not be read."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _replay(body: bytes, receive: Asgi) -> Asgi:
    """The whole body as one message, then whatever comes: that the client has gone."""
    is_given = False

    async def replay() -> Mapping[str, Any]:
        nonlocal is_given
        if is_given:
            told: Mapping[str, Any] = await receive()
            return told
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
