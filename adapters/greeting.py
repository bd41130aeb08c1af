"""The greeting that a NATS server sends to every client before it asks for a login."""

import asyncio
from contextlib import suppress
from time import monotonic

import msgspec
from nats.aio.client import Client

from adapters.dialling import Address, connect_to

GREETING_BYTES_MAX = 64 * 1024
"""A greeting names every server of a cluster. With three servers it has less than 1 KiB."""

ASK_SECONDS = 5.0
"""How often a server is asked for its limit at most, even if many events exceed it. A halt is checked as often."""


class SizeLimit:
    """The largest message that the server of `client` takes, headers included, in bytes."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked_at = monotonic()

    @property
    def bytes_max(self) -> int:
        """The last known limit."""
        return self._client.max_payload

    async def look(self, address: Address | None, *, timeout_seconds: float) -> int:
        """As `bytes_max`, but asks the server at `address` again, because a reload changes its limit without notice.

        After a lower limit the server ends the session at the first message that is too large. After a higher one
        this process would otherwise refuse an event permanently.
        """
        if address is not None and monotonic() >= self._asked_at + ASK_SECONDS:
            self._asked_at = monotonic()
            asked = await bytes_max_at(address, timeout_seconds=timeout_seconds)
            self._client._max_payload = asked or self.bytes_max  # noqa: SLF001 - the client checks it, too
        return self.bytes_max


class _Greeting(msgspec.Struct, frozen=True):
    max_payload: int = 0


async def bytes_max_at(address: Address, *, timeout_seconds: float) -> int | None:
    """The server's present limit for a message, headers included, in bytes; None if it does not report one in time.

    The greeting comes in the clear, before TLS. This opens a connection for it and closes that at once.
    """
    with suppress(OSError, ValueError, msgspec.DecodeError):
        async with asyncio.timeout(timeout_seconds):
            reader, writer = await asyncio.open_connection(sock=await connect_to(address), limit=GREETING_BYTES_MAX)
            try:
                verb, _, body = (await reader.readline()).partition(b" ")
            finally:
                writer.close()
        if verb == b"INFO":
            return msgspec.json.decode(body, type=_Greeting).max_payload or None
    return None
