"""HTTP on one connection, with bounds: the time of a head, the number of requests and of connections."""

import asyncio
from collections.abc import Callable
from typing import Any

from prometheus_client import Gauge

from runtime.address_limit import AddressLimit
from runtime.bounds import Bounds
from runtime.budget import Budget
from runtime.buffering import BufferingProtocol
from runtime.client_address import address_of
from runtime.idle import IdleConnections
from runtime.messages import Part
from runtime.refusals import Refusal, Refused

HEAD_SECONDS = 60.0
"""How long a whole head may take to arrive, from its first byte."""

BODY_GRACE_SECONDS = 1.0
"""How long the rest of a body may take to arrive after the server began to stop."""

LIVEZ = "/livez"
"""The path that is answered even beyond the limit of connections: a probe without a response restarts the process."""

SPARE_CONNECTIONS = 16
"""The number of connections beyond the limit. Each is closed unless its first request is for `LIVEZ`."""

SPARE_SECONDS = 1.0
"""How long one of them may wait with its first request."""

PIPELINED_MAX = 100
"""How many requests one connection may send before the first of them is answered."""

BUFFERED = Gauge("crosshook_buffered_bytes", "Bytes of unfinished requests that this process holds")

_FULL = Refusal(503, "this process has too many connections; try again", "connections")
_CROWDED = Refusal(429, "this address has too many connections to this process; try again", "address_connections")
_STOPPING = Refusal(503, "body: it did not arrive before this process stopped; try again", "body_grace_seconds")
_PIPELINED = Refusal(400, f"expected at most {PIPELINED_MAX} requests before the response to the first", "pipelined")


class BoundedProtocol(BufferingProtocol):
    """uvicorn's protocol with these bounds, which it lacks."""

    __slots__ = ("_address", "_addresses", "_beyond", "_head_timer", "_idle")

    def __init__(self, *, addresses: AddressLimit, idle: IdleConnections, **of_buffering: Any) -> None:  # noqa: ANN401 - as there
        super().__init__(**of_buffering)
        self._addresses = addresses
        self._idle = idle
        self._address: str | None = None
        self._beyond: Refusal | None = None
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head. Beyond the limit, refuse the connection at once, or with its first request but `LIVEZ`."""
        super().connection_made(transport)
        too_many, refusal = len(self.connections) - self._bounds.connections_max, _FULL
        if not self._bounds.trusted_proxies and (of_address := self._count()) > 0 >= too_many:
            too_many, refusal = of_address, _CROWDED
        if too_many <= 0:
            self._await_head()
        elif too_many <= SPARE_CONNECTIONS:
            self._beyond = refusal
            self._head_timer = self.loop.call_later(SPARE_SECONDS, self.refuse, refusal)
        else:
            self.refuse(refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop its timers, and free its place."""
        self._stop_head_timer()
        self._uncount()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the bytes that arrived. The first of a head start its time."""
        super().data_received(data)
        if self.part is Part.HEAD and self in self._idle:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Check the head against the bounds, and start its request."""
        if self._beyond is not None and self.url != LIVEZ.encode():
            raise Refused(self._beyond)
        if len(self.pipeline) >= PIPELINED_MAX:
            raise Refused(_PIPELINED)
        if self._bounds.trusted_proxies and self._count() > 0 and self.url != LIVEZ.encode():
            raise Refused(_CROWDED)
        self._stop_head_timer()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next head, or for the client to close."""
        super().on_response_complete()
        if self._bounds.trusted_proxies and self.is_answered:
            self._uncount()
        if self._beyond is not None and not self.transport.is_closing():
            self.transport.close()
            self._end_in_time()
        elif self.is_answered and not self.transport.is_closing():
            self._await_head()

    def shutdown(self) -> None:
        """Close an idle connection at once, and one with half a request after `BODY_GRACE_SECONDS`."""
        super().shutdown()
        if self.transport.is_closing():
            self._end_in_time()
        elif self.cycle.more_body:
            self._stop_head_timer()
            self._head_timer = self.loop.call_later(BODY_GRACE_SECONDS, self._give_up_body)

    def refuse(self, refusal: Refusal) -> None:
        """Stop waiting and refuse. A connection beyond the limit always gets that as its reason."""
        self._stop_head_timer()
        super().refuse(self._beyond or refusal)

    def _count(self) -> int:
        """Count it for its client, instead of the one before. Returns by how many that client is beyond its limit."""
        self._uncount()
        self._address = address_of(self.client, self.headers or (), trusted_proxies=self._bounds.trusted_proxies)
        return self._addresses.enter(self._address)

    def _uncount(self) -> None:
        if self._address is not None:
            self._addresses.leave(self._address)
            self._address = None

    def end_idle(self) -> None:
        """End the connection, because it was idle for too long."""
        if not self.transport.is_closing():
            self.end("idle_seconds")

    def _await_head(self) -> None:
        self._stop_head_timer()
        if self.part is Part.HEAD:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.end, "head_seconds")
        else:
            self._idle.add(self)

    def _give_up_body(self) -> None:
        if self.cycle.more_body:
            self.refuse(_STOPPING)

    def _stop_head_timer(self) -> None:
        self._idle.remove(self)
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def protocol_with(bounds: Bounds) -> Callable[..., BoundedProtocol]:
    """The factory that uvicorn makes a protocol with."""
    addresses, budget = AddressLimit(bounds.address_connections_max), Budget(bounds.buffered_bytes_max)
    idle = IdleConnections(bounds.idle_seconds)
    BUFFERED.set_function(lambda: budget.held_bytes)

    def protocol(**arguments: Any) -> BoundedProtocol:  # noqa: ANN401 - uvicorn's own
        return BoundedProtocol(**arguments, bounds=bounds, budget=budget, addresses=addresses, idle=idle)

    return protocol
