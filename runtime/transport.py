"""A connection on which an answer's head goes out together with its body, and not in a packet of its own."""

import asyncio
from typing import Any

_HEAD = b"HTTP/1."


class TogetherTransport(asyncio.Transport):
    """Another transport, to which a head is handed on with what is written next, or when the event loop's turn is over.

    Of what an answer costs, handing bytes to the system twice is a large part; and who asked is roused twice.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send `data`, and the head before it; or wait for what comes after it, if it is a head."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif data[: len(_HEAD)] == _HEAD:
            self._head = bytes(data)
            self._loop.call_soon(self._send_head)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Close it, once everything is sent."""
        self._send_head()
        self._transport.close()

    def abort(self) -> None:
        """Close it at once."""
        self._head = b""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closed, or is going to be."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Take nothing for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take what comes."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - whatever it is
        """What is known of the connection."""
        return self._transport.get_extra_info(name, default)

    def _send_head(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)
