"""Server-sent events: every open page receives the present once a second."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import msgspec

from runtime.address_limit import AddressLimit
from runtime.client_address import address_of
from runtime.head import is_head
from service.http.envelope import failure

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
"""The last header makes a proxy pass on every event at once."""

TRY_AGAIN = {"Retry-After": "1"}

_END = {"type": "http.response.body", "body": b""}


class ListenerBounds(msgspec.Struct, frozen=True, kw_only=True):
    """How many pages may be open at once, in all and of one address behind `trusted_proxies`."""

    listeners_max: int
    address_listeners_max: int
    trusted_proxies: int = 0


class _Listener:
    """An open page. Only the latest message may be unsent, so there is no queue."""

    def __init__(self) -> None:
        self.roused = asyncio.Event()
        self.is_gone = False


class Listeners:
    """All open pages, as an ASGI application, within `bounds`. One too many is answered 503, or 429 for its address.

    `begin` returns what a new listener receives first. The server closes a listener that takes nothing for
    `runtime.endings.TAKE_SECONDS`, as on every connection.
    """

    def __init__(self, begin: Callable[[], bytes], bounds: ListenerBounds) -> None:
        self._begin = begin
        self._bounds = bounds
        self._addresses = AddressLimit(bounds.address_listeners_max)
        self._listeners: set[_Listener] = set()
        self._message = b""
        self._is_over = False

    def __len__(self) -> int:
        """How many pages are open."""
        return len(self._listeners)

    def tell(self, message: bytes) -> None:
        """Send `message` to all. A listener that still receives an earlier one gets the latest after that."""
        self._message = message
        self._rouse()

    def end(self) -> None:
        """End every stream, and refuse new ones: the process is about to stop."""
        self._is_over = True
        self._rouse()

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Serve one listener until it goes, or until `end`. A `HEAD` takes no place."""
        if self._is_over or len(self) >= self._bounds.listeners_max:
            why = f"at most {self._bounds.listeners_max} pages may be open at once; try again"
            message = "this process is about to stop; try again" if self._is_over else why
            await failure(503, message, headers=TRY_AGAIN).send(send)
            return
        address = address_of(scope["client"], scope["headers"], trusted_proxies=self._bounds.trusted_proxies)
        too_many = self._addresses.enter(address)
        try:
            if too_many > 0:
                message = (
                    f"at most {self._bounds.address_listeners_max} pages of one address may be open at once; try again"
                )
                await failure(429, message, headers=TRY_AGAIN).send(send)
            elif is_head(scope):
                await send(_START)
                await send(_END)
            else:
                await self._listen(receive, send)
        finally:
            self._addresses.leave(address)

    async def _listen(self, receive: Asgi, send: Asgi) -> None:
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
    """Notice that the listener has gone. Anything else that it sends is ignored."""
    message: Mapping[str, Any] = {}
    while message.get("type") != "http.disconnect":
        message = await receive()
    listener.is_gone = True
    listener.roused.set()


def event(name: str, data: bytes) -> bytes:
    """A server-sent event. `data` has no line breaks."""
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
