"""The TCP transport of a NATS client, which dials every address of a name."""

import asyncio
from typing import Any
from urllib.parse import ParseResult

from nats.aio.transport import TcpTransport

from adapters.addresses import shown_in
from adapters.dialling import Address, Dialler
from core.certificates import Certificate


class DialledTransport(TcpTransport):
    """The client's transport with our dialler. The client's own may spend its whole time-out on the first address."""

    def __init__(self, dialler: Dialler) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._dialler = dialler
        self.address: Address | None = None
        """The connected address."""

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: Any) -> None:  # noqa: ANN401, ARG002
        """Connect. The next session tries this address last, because this session will have failed there."""
        self.address, connected = await self._dialler.connect(timeout_seconds=connect_timeout)
        self._dialler.avoid(self.address)
        self._io_reader, self._io_writer = await asyncio.open_connection(sock=connected, limit=buffer_size)
        # TLS starts on this one's transport: what holds it must live as long.
        self._bare_io_reader, self._bare_io_writer = self._io_reader, self._io_writer

    @property
    def certificate(self) -> Certificate | None:
        """The certificate that the server has shown; None without TLS."""
        return None if self._io_writer is None else shown_in(self._io_writer.get_extra_info("peercert"))

    def __bool__(self) -> bool:
        """True from the start, so that the client uses this transport."""
        return True
