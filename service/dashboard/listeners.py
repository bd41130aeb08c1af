"""Server-sent events: whoever looks at the page is told what there is to see, once a second."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from runtime.head import is_head
from service.http.envelope import failure, send_whole

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Any]

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-accel-buffering", b"no"),
    ],
}
"""The last header has a proxy pass on what comes when it comes."""

_END = {"type": "http.response.body", "body": b""}


class _Listener:
    """Somebody who looks. What he was not told yet is the latest message alone, so there is no queue."""

    def __init__(self) -> None:
        self.roused = asyncio.Event()
        self.is_gone = False


class Listeners:
    """Everybody who looks, an ASGI application: at most `listeners_max`, one more is a 503.

    `begin` says what a new listener is told at first. A listener that does not take what it is sent is closed by the
    server after `runtime.endings.TAKE_SECONDS`, as on every connection.
    """

    def __init__(self, begin: Callable[[], bytes], *, listeners_max: int) -> None:
        self._begin = begin
        self._listeners_max = listeners_max
        self._listeners: set[_Listener] = set()
        self._message = b""
        self._is_over = False

    def __len__(self) -> int:
        """How many look."""
        return len(self._listeners)

    def tell(self, message: bytes) -> None:
        """Have everybody told `message`, except who is still being told an earlier one: he is told the next."""
        self._message = message
        self._rouse()

    def end(self) -> None:
        """Let everybody go, and nobody in: the process is going to stop."""
        self._is_over = True
        self._rouse()

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Tell one listener, until he goes or all have to. A `HEAD` takes no place."""
        if self._is_over or len(self) >= self._listeners_max:
            why = f"{self._listeners_max} look already, as many as may; try again"
            message = "this process is going to stop; try again" if self._is_over else why
            await send_whole(send, failure(503, message, headers={"Retry-After": "1"}))
            return
        if is_head(scope):
            await send(_START)
            await send(_END)
            return
        listener = _Listener()
        self._listeners.add(listener)
        leaving = asyncio.create_task(_leave(listener, receive))
        try:
            await self._stream(listener, send)
        finally:
            self._listeners.discard(listener)
            leaving.cancel()

    async def _stream(self, listener: _Listener, send: Asgi) -> None:
        await send(_START)
        message = self._begin()
        while not listener.is_gone and not self._is_over:
            listener.roused.clear()
            await send({"type": "http.response.body", "body": message, "more_body": True})
            await listener.roused.wait()
            message = self._message
        await send(_END)

    def _rouse(self) -> None:
        for listener in self._listeners:
            listener.roused.set()


async def _leave(listener: _Listener, receive: Asgi) -> None:
    """Notice that the listener has gone. What he sends beside is nobody's."""
    message: Mapping[str, Any] = {}
    while message.get("type") != "http.disconnect":
        message = await receive()
    listener.is_gone = True
    listener.roused.set()


def event(name: str, data: bytes) -> bytes:
    """A server-sent event. `data` has no line breaks."""
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
