"""What a NATS server says of itself to whoever connects, before it asks who that is."""

import asyncio
from contextlib import suppress

import msgspec

from adapters.dialling import Address, connect_to

GREETING_BYTES_MAX = 64 * 1024
"""A greeting names every server of a cluster: that of three has less than 1 KiB."""


class _Greeting(msgspec.Struct, frozen=True):
    max_payload: int = 0


async def bytes_max_at(address: Address, *, timeout_seconds: float) -> int | None:
    """What a message may have at the server at `address` now, its headers included; None if it does not say so in time.

    A greeting comes in the clear, before TLS, on a connection of its own, which ends there.
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
