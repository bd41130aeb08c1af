"""A connection whose responses take few packets, and whose last response arrives."""

import asyncio
from typing import Any

_HEAD = b"HTTP/1."

LINGER_SECONDS = 1.0
"""How long a client may take to read a response that ends its connection, while it still sends its request."""


class TogetherTransport(asyncio.Transport):
    """Wraps a transport: it holds a head back until the next write, or until the end of the event loop's turn.

    A second system call is a large part of a response's cost, and it wakes the client a second time.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._head = b""
        self._is_sent_to = False
        self._is_ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send `data` after the head that waits. A head itself waits for the next write."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif data[: len(_HEAD)] == _HEAD:
            self._head = bytes(data)
            self._loop.call_soon(self._send_head)
        else:
            self._transport.write(data)

    def linger(self) -> None:
        """Have `close` end it in stages (RFC 9112, 9.6), because the client still sends.

        It sends the end and reads nothing more. The client gets the response, until the socket is closed after
        `LINGER_SECONDS`. Bytes that arrive at a closed socket reset the connection, and that can discard the response.
        """
        self._is_sent_to = True

    def close(self) -> None:
        """Close it after everything is sent."""
        self._send_head()
        if not self._is_sent_to:
            self._transport.close()
        elif not self.is_closing():
            self._is_ended = True
            self._transport.pause_reading()
            self._transport.write_eof()
            self._loop.call_later(LINGER_SECONDS, self._transport.close)

    def abort(self) -> None:
        """Close it at once."""
        self._head = b""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closed or closing."""
        return self._is_ended or self._transport.is_closing()

    def pause_reading(self) -> None:
        """Stop reading for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's own
        """Information about the connection, as of asyncio's transports."""
        return self._transport.get_extra_info(name, default)

    def _send_head(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)
