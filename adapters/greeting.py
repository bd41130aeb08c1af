"""The greeting that a NATS server sends to every client before it asks for a login."""

import asyncio
from contextlib import suppress

import msgspec

from adapters.dialling import Address, connect_to

GREETING_BYTES_MAX = 64 * 1024
"""A greeting names every server of a cluster. With three servers it has less than 1 KiB."""


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
