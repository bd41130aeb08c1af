"""Serves an application on a real socket until a signal."""

import asyncio
import os
import signal
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from runtime.bounds import Bounds
from runtime.server import bind, serve

LOCALHOST = "127.0.0.1"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_opened: list[asyncio.StreamWriter] = []


@asynccontextmanager
async def served(
    app: Any,  # noqa: ANN401 - any ASGI application
    *,
    drain_seconds: float = 1,
    **bounds: Any,  # noqa: ANN401 - of `Bounds`
) -> AsyncIterator[int]:
    """The port of `app`, served within `bounds`. At the end it must stop on a signal, well within the drain and 1 s."""
    listener = bind(LOCALHOST, 0)
    port = listener.getsockname()[1]
    serving = asyncio.create_task(serve(app, listener, drain_seconds=drain_seconds, bounds=Bounds(**bounds)))
    async with asyncio.timeout(5):
        while not await takes(port):
            await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(drain_seconds + 5):
            await serving
        while _opened:
            _opened.pop().close()


async def takes(port: int) -> bool:
    """Whether a new connection is accepted."""
    try:
        _, writer = await connect(port)
    except OSError:
        return False
    writer.close()
    return True


async def connect(port: int, *, source: str = LOCALHOST) -> Streams:
    """A connection from the address `source` that is closed when the server has stopped."""
    reader, writer = await asyncio.open_connection(LOCALHOST, port, local_addr=(source, 0))
    _opened.append(writer)
    return reader, writer


def reset(writer: asyncio.StreamWriter) -> None:
    """Close without a request and without reading, like a client that died."""
    own: socket.socket = writer.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
