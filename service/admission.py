"""The outermost layer: when a request arrived, how many are in flight, and no more than so many."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import msgspec

from service import metrics
from service.answers import failure

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Any]

_ARRIVAL = "crosshook.arrival"
_STATUS = 503


def arrival_of(scope: Mapping[str, Any]) -> float:
    """When the request arrived, in the event loop's time."""
    return float(scope[_ARRIVAL])


class Admission:
    """An ASGI application around another one."""

    def __init__(self, app: Asgi, *, requests_max: int) -> None:
        self._app = app
        self._requests_max = requests_max
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Pass the request on, or answer 503 where too many are waiting already."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[_ARRIVAL] = asyncio.get_running_loop().time()
        if self._in_flight >= self._requests_max and scope["path"].startswith("/organizations"):
            await _refuse(send)
            return
        self._in_flight += 1
        metrics.IN_FLIGHT.set(self._in_flight)
        try:
            await self._app(scope, receive, _counting(send, scope["method"]))
        finally:
            self._in_flight -= 1
            metrics.IN_FLIGHT.set(self._in_flight)


def _counting(send: Asgi, method: str) -> Asgi:
    async def counting(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            metrics.REQUESTS.labels(method, message["status"]).inc()
        await send(message)

    return counting


async def _refuse(send: Asgi) -> None:
    body = msgspec.json.encode(failure(_STATUS, "this process has too many requests waiting; try again"))
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
    await send({"type": "http.response.start", "status": _STATUS, "headers": headers})
    await send({"type": "http.response.body", "body": body})
