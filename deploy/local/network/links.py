"""A long wire between two regions, in user space: it delays, and can be cut without losing a byte."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from deploy.local.network.delay_line import DelayLine
from deploy.local.network.wire import WireEnd

HELD_BYTES_MAX = 8 << 20
"""The bytes that one direction of a connection holds before its sender must wait."""


class Address(NamedTuple):
    """An address to listen at or to connect to."""

    host: str
    port: int


class Link:
    """Connections made to `listen` reach `upstream`, half a round trip later in each direction.

    A connection is dialled on after one round trip. While the link is cut, nothing passes either way and nothing is
    lost. It holds bytes and ends in their order. Open connections stay open, and new ones are accepted but not
    answered. If the upstream refuses, the client's connection is closed.
    """

    def __init__(self, *, listen: Address, upstream: Address, round_trip_seconds: float = 0.0) -> None:
        self.listen = listen
        self.upstream = upstream
        self._round_trip_seconds = round_trip_seconds
        self._cuts = 0
        self._healed = asyncio.Event()
        self._healed.set()
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, loop).client, *self.listen)

    async def close(self) -> None:
        """Stop listening and close every connection, even with bytes on their way."""
        if self._server is None:
            return
        self._server.close()
        connections = tuple(self._connections)
        for connection in connections:
            connection.abort()
        await asyncio.gather(*(connection.closed.wait() for connection in connections))
        await self._server.wait_closed()
        self._server = None

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes."""
        return not self._healed.is_set()

    @property
    def round_trip_seconds(self) -> float:
        """Twice the delay of a direction."""
        return self._round_trip_seconds

    @round_trip_seconds.setter
    def round_trip_seconds(self, seconds: float) -> None:
        """Delay later bytes by half of this. They do not overtake earlier ones."""
        self._round_trip_seconds = seconds
        for connection in self._connections:
            connection.change_delay(seconds / 2)

    @property
    def connection_count(self) -> int:
        """The number of connections on the link, unanswered ones included."""
        return len(self._connections)

    @property
    def held_bytes(self) -> int:
        """The bytes under way or held, in both directions of all connections."""
        return sum(connection.held_bytes for connection in self._connections)

    def cut(self) -> None:
        """Let nothing pass. A link that is cut stays so."""
        if self.is_cut:
            return
        self._cuts += 1
        self._healed.clear()
        for connection in self._connections:
            connection.hold()

    def heal(self) -> None:
        """Let everything pass again. Held bytes start on their way now."""
        if not self.is_cut:
            return
        self._healed.set()
        for connection in self._connections:
            connection.release()

    async def handshake(self) -> None:
        """Return after a round trip during which the link was not cut; each heal starts another try."""
        while True:
            await self._healed.wait()
            cuts = self._cuts
            await asyncio.sleep(self._round_trip_seconds)
            if cuts == self._cuts:
                return

    def opened(self, connection: "_Connection") -> None:
        """A client has connected."""
        self._connections.add(connection)

    def closed(self, connection: "_Connection") -> None:
        """Neither side of the connection is left."""
        self._connections.discard(connection)


class _Connection:
    """A client's connection, and the connection that is dialled for it after the handshake."""

    def __init__(self, link: Link, loop: asyncio.AbstractEventLoop) -> None:
        delay_seconds = link.round_trip_seconds / 2
        # Nothing leaves the client before its handshake is done.
        forth = DelayLine(delay_seconds=delay_seconds, limit_bytes=HELD_BYTES_MAX, held=True)
        back = DelayLine(delay_seconds=delay_seconds, limit_bytes=HELD_BYTES_MAX, held=link.is_cut)
        self.client = WireEnd(forth, wire=self)
        self.upstream = WireEnd(back, wire=self)
        self.client.peer, self.upstream.peer = self.upstream, self.client
        self.closed = asyncio.Event()
        self._link = link
        self._loop = loop
        self._is_established = False
        self._establishing: asyncio.Task[None] | None = None

    @property
    def held_bytes(self) -> int:
        """The bytes under way or held in both directions."""
        return self.client.line.size_bytes + self.upstream.line.size_bytes

    def now(self) -> float:
        """The loop's time in seconds."""
        return self._loop.time()

    def at(self, due: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        """Do `action` at the loop's time `due`."""
        return self._loop.call_at(due, action)

    def opened(self, end: WireEnd) -> None:
        """Begin the handshake once the client is connected."""
        if end is self.client:
            self._link.opened(self)
            self._establishing = self._loop.create_task(self._establish())

    def gave_up(self, end: WireEnd) -> bool:
        """Whether a client closed before its handshake was done. Then its connection leaves no trace.

        A client that has sent bytes over a link that is not cut was only faster than its handshake, and did not give
        up.
        """
        is_waiting = end is self.client and not self._is_established
        return is_waiting and (self._link.is_cut or end.line.size_bytes == 0)

    def lost(self, end: WireEnd) -> None:
        """Finish once neither side can still send or receive."""
        if end is self.client and not self._is_established:
            self.abort()
        if self.client.is_gone and (self.upstream.is_gone or self.upstream.transport is None):
            self._link.closed(self)
            self.closed.set()

    def hold(self) -> None:
        """Hold everything: the link is cut."""
        self.client.line.hold()
        self.upstream.line.hold()

    def release(self) -> None:
        """Let held bytes start: the link is healed. The client's bytes wait until its handshake is done."""
        if self._is_established:
            self.client.line.release(now=self.now())
        self.upstream.line.release(now=self.now())
        self.client.flow()
        self.upstream.flow()

    def change_delay(self, seconds: float) -> None:
        """Change the delay of later bytes."""
        self.client.line.delay_seconds = seconds
        self.upstream.line.delay_seconds = seconds

    def abort(self) -> None:
        """Close both sides at once."""
        if self._establishing is not None:
            self._establishing.cancel()
        self.client.abort()
        self.upstream.abort()

    async def _establish(self) -> None:
        await self._link.handshake()
        try:
            await self._loop.create_connection(lambda: self.upstream, *self._link.upstream)
        except OSError:
            self.client.abort()
            return
        self._is_established = True
        if not self._link.is_cut:
            self.client.line.release(now=self.now())
            self.client.flow()
