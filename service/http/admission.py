"""Admission: a request's whole body in time, and how many requests may be in flight."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from runtime.messages import is_whole
from service.http.encoded_response import EncodedResponse
from service.http.envelope import LATE, Empty, failure
from service.http.received import Scope, arrival_of, body_arrived, gave_up, values_in

Asgi = Callable[..., Any]

BODY_SECONDS = 10.0
"""The time that a body may take, counted from the arrival of the request's head."""


class Admission:
    """The limits of one process. `in_flight` is how many admitted requests have no response yet."""

    def __init__(self, *, requests_max: int, body_bytes_max: int, body_seconds: float = BODY_SECONDS) -> None:
        self._body_bytes_max = body_bytes_max
        self._requests_max = requests_max
        self._body_seconds = body_seconds
        self.in_flight = 0

    async def refusal_of(self, scope: Scope, receive: Asgi) -> EncodedResponse[Empty] | None:
        """Read the request's whole body, and take one of the places, until `leave`.

        A 413 or 408 if the body is too large or late, a 503 if all places are taken. None otherwise, and if the client
        left. A body that does not arrive holds a connection, and no place.
        """
        if _declared_bytes(scope) > self._body_bytes_max:
            return self._too_large()
        if is_whole(scope):
            return await self._read_body(scope, receive)  # Nearly always: nothing to wait for, so no timer.
        try:
            async with asyncio.timeout_at(arrival_of(scope) + self._body_seconds):
                return await self._read_body(scope, receive)
        except TimeoutError:
            late = f"body: it did not arrive within {self._body_seconds:g} s"
            return failure(408, late, headers={**LATE, "Connection": "close"})

    async def _read_body(self, scope: Scope, receive: Asgi) -> EncodedResponse[Empty] | None:
        body: bytes = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                gave_up(scope)
                return None
            body += message.get("body", b"")
            if len(body) > self._body_bytes_max:
                return self._too_large()
            if not message.get("more_body", False):
                body_arrived(scope, body)
                return self.enter()

    def enter(self) -> EncodedResponse[Empty] | None:
        """Take one of the places, until `leave`. A 503 if all are taken."""
        if self.in_flight >= self._requests_max:
            message = "this process has too many requests waiting; try again"
            return failure(503, message, headers={"Retry-After": "1"})
        self.in_flight += 1
        return None

    def leave(self) -> None:
        """Free the place."""
        self.in_flight -= 1

    def _too_large(self) -> EncodedResponse[Empty]:
        return failure(413, f"body: expected at most {self._body_bytes_max} bytes")


def _declared_bytes(scope: Scope) -> int:
    """The body's length as the head declares it. A client need not send a body that will not be read."""
    for value in values_in(scope, b"content-length"):
        return int(value) if value.isdigit() else 0
    return 0


def replayed(body: bytes, receive: Asgi) -> Asgi:
    """The whole body as one message, then what `receive` returns: that the client has gone."""
    is_given = False

    async def replay() -> Mapping[str, Any]:
        nonlocal is_given
        if is_given:
            following: Mapping[str, Any] = await receive()
            return following
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
