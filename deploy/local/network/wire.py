"""One connection over a link: two ends, and a delay line in each direction."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from deploy.local.network.delay_line import END, DelayLine, End

_WRITE_BUFFER_BYTES_MAX = 1 << 20
_EARLY_SECONDS = 0.0005
"""Timers have a resolution of a millisecond: a chunk that is due within half of one goes now."""


class Wire(Protocol):
    """The methods that an end needs of its connection."""

    def now(self) -> float:
        """The loop's time in seconds."""
        ...

    def at(self, due: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        """Do `action` at the loop's time `due`."""
        ...

    def opened(self, end: "WireEnd") -> None:
        """This end's socket is connected."""
        ...

    def gave_up(self, end: "WireEnd") -> bool:
        """Whether this end closed before anything passed."""
        ...

    def lost(self, end: "WireEnd") -> None:
        """This end's socket is gone."""
        ...


class WireEnd(asyncio.Protocol):
    """One end of a wire: bytes that its socket receives go into `line`, and come out at `peer`'s socket.

    A socket's end of sending travels down the line like bytes, in its place. A socket that is gone sends an end too.
    Bytes on their way to it are dropped, because their receiver is gone.
    """

    peer: "WireEnd"

    def __init__(self, line: DelayLine, *, wire: Wire) -> None:
        self.line = line
        self.transport: asyncio.Transport | None = None
        self._wire = wire
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: float | None = None
        self._reads = True
        self._writable = False
        self._has_ended = False
        self._has_taken_end = False
        self.is_gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is connected."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES_MAX)
        self._writable = True
        self._wire.opened(self)

    def data_received(self, data: bytes) -> None:
        """Put bytes on the line. Reading stops while the line is full."""
        self.line.push(data, now=self._wire.now())
        if self.line.is_full:
            self._read(on=False)
        self.flow()

    def eof_received(self) -> bool:
        """Put the end on the line. The socket still takes the peer's bytes, until the peer's end."""
        if self._wire.gave_up(self):
            return False
        self._has_ended = True
        self._send_end()
        return not self._has_taken_end

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - any loss is an end
        """The socket is gone, with or without an end."""
        self.is_gone = True
        self._has_ended = True
        self._writable = False
        self._send_end()
        self.peer.flow()
        self._wire.lost(self)

    def pause_writing(self) -> None:
        """The socket takes no more for now: due bytes wait in the line."""
        self._writable = False

    def resume_writing(self) -> None:
        """The socket takes more."""
        self._writable = True
        self.peer.flow()

    def flow(self) -> None:
        """Hand over what is due now, and set a timer for the rest."""
        while self.peer.can_take and (chunk := self.line.pop(now=self._wire.now() + _EARLY_SECONDS)) is not None:
            self.peer.take(chunk, sender_is_gone=self.is_gone)
        if self.peer.is_gone:
            self.line.clear()
        if self.line.has_room:
            self._read(on=True)
        self._arm()

    @property
    def can_take(self) -> bool:
        """Whether the socket takes bytes now."""
        return self._writable and not self.is_gone

    def take(self, chunk: bytes | End, *, sender_is_gone: bool) -> None:
        """Write bytes from the peer's line to the socket."""
        if self.transport is None or self.transport.is_closing():
            return
        if isinstance(chunk, bytes):
            self.transport.write(chunk)
            return
        self._has_taken_end = True
        if sender_is_gone or self._has_ended:
            self.transport.close()
        else:
            self.transport.write_eof()

    def abort(self) -> None:
        """Close the socket at once."""
        if self._timer is not None:
            self._timer.cancel()
        if self.transport is not None:
            self.transport.abort()

    def _send_end(self) -> None:
        self.line.push(END, now=self._wire.now())
        self.flow()

    def _read(self, *, on: bool) -> None:
        if on is self._reads or self.transport is None or self.transport.is_closing() or self._has_ended:
            return
        self._reads = on
        if on:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _arm(self) -> None:
        due = self.line.due if self.peer.can_take else None
        if due == self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = None if due is None else self._wire.at(due, self._ring)

    def _ring(self) -> None:
        self._timer = self._timer_due = None
        self.flow()
