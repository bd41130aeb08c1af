"""A client's mistakes."""

import asyncio
from contextlib import suppress

import httpx

from deploy.local import LocalRegion


async def send_too_long_a_head(region: LocalRegion) -> None:
    """Return once the service has closed the connection for it."""
    url = httpx.URL(region.http_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"GET /livez HTTP/1.1\r\nx: " + b"x" * 1_000_000)
    with suppress(ConnectionError):
        await reader.read()
    writer.close()
