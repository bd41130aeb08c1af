"""A NATS server that takes only messages up to a size."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.processes.server_process import ServerProcess


@asynccontextmanager
async def max_payload(server: ServerProcess, bytes_max: int) -> AsyncIterator[Callable[[], None]]:
    """The running server, started again with that limit, and without it when the context ends.

    The returned function lifts the limit by a reload, which the server announces to no client.
    """
    unlimited = _configure(server, bytes_max)
    await _start_again(server)

    def lift() -> None:
        _write(server, unlimited)
        os.kill(server.pid, signal.SIGHUP)

    try:
        yield lift
    finally:
        _write(server, unlimited)
        await _start_again(server)


def _configure(server: ServerProcess, bytes_max: int) -> str:
    """Write the limit into the configuration. Returns what it was before."""
    text = Path(server.command[-1]).read_text()
    _write(server, text.replace("{", f'{{"max_payload": {bytes_max},', 1))
    return text


def _write(server: ServerProcess, text: str) -> None:
    Path(server.command[-1]).write_text(text)


async def _start_again(server: ServerProcess) -> None:
    await server.stop()
    await server.start()
    await server.wait_ready()
