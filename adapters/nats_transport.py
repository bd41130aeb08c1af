"""The TCP connection that a NATS client is given, so that a name with several addresses is dialled at all of them."""

import asyncio
from typing import Any
from urllib.parse import ParseResult

from nats.aio.transport import TcpTransport

from adapters.dialling import Address, Dialler


class DialledTransport(TcpTransport):
    """As the client's own, which hands the name to asyncio with one time-out for whichever address comes first."""

    def __init__(self, dialler: Dialler) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._dialler = dialler
        self.address: Address | None = None
        """To which it is connected."""

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: Any) -> None:  # noqa: ANN401, ARG002
        """Connect. Its address is the last that the next session tries: this one ends because it was of no use."""
        self.address, connected = await self._dialler.connect(timeout_seconds=connect_timeout)
        self._dialler.avoid(self.address)
        self._io_reader, self._io_writer = await asyncio.open_connection(sock=connected, limit=buffer_size)
        # TLS starts on this one's transport: what holds it must live as long.
        self._bare_io_reader, self._bare_io_writer = self._io_reader, self._io_writer

    def __bool__(self) -> bool:
        """There is one from the start, which the client therefore takes."""
        return True
