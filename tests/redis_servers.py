"""Redis servers without users, and a name that leads from one to another while the old connections stay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import redis.asyncio
from redis.exceptions import RedisError

from deploy.local.network.ports import LOCALHOST, Ports
from deploy.local.processes.servers import find_servers

START_SECONDS_MAX = 20.0
PORT_MAX = 22_000
"""In cluster mode Redis listens at the port 10,000 above too. That stays below those of outgoing connections, which may
take it."""


@asynccontextmanager
async def redis_server(directory: Path, *options: str) -> AsyncIterator[int]:
    """The port of a Redis that keeps nothing, until the context ends."""
    directory.mkdir()  # noqa: ASYNC240 - of a moment
    ports = Ports()
    port = next(port for port in iter(ports.claim_any, 0) if port < PORT_MAX)
    server = await asyncio.create_subprocess_exec(
        find_servers().redis.path,
        *(
            "--port",
            str(port),
            "--bind",
            LOCALHOST,
            "--dir",
            str(directory),
            "--save",
            "",
            "--repl-diskless-sync-delay",
            "0",
        ),
        *options,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await _answers(port)
        yield port
    finally:
        server.kill()
        await server.wait()
        ports.close()


async def _answers(port: int) -> None:
    async with asyncio.timeout(START_SECONDS_MAX), raw(port) as client:
        while True:
            with suppress(RedisError, OSError):
                await client.ping()
                return
            await asyncio.sleep(0.01)


def raw(port: int) -> "redis.asyncio.Redis":
    """A client of that very server."""
    return redis.asyncio.Redis(host=LOCALHOST, port=port, decode_responses=True)


class Name:
    """An address that leads to the server at `leads_to`. Existing connections stay where they are."""

    def __init__(self, leads_to: int) -> None:
        self.leads_to = leads_to
        self.port = 0
        self._carrying: dict[asyncio.Task[None], int] = {}

    @property
    def url(self) -> str:
        return f"redis://{LOCALHOST}:{self.port}"

    def clients_of(self, port: int) -> int:
        """How many connections lead to the server at `port`."""
        return list(self._carrying.values()).count(port)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        port = self._carrying[task] = self.leads_to
        try:
            with suppress(OSError, asyncio.CancelledError):
                there_reader, there_writer = await asyncio.open_connection(LOCALHOST, port)
                await asyncio.gather(_carry(reader, there_writer), _carry(there_reader, writer))
        finally:
            self._carrying.pop(task)
            writer.close()

    def close(self) -> None:
        for task in self._carrying:
            task.cancel()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def name_of(port: int) -> AsyncIterator[Name]:
    """A name that leads to this port at first."""
    name = Name(port)
    server = await asyncio.start_server(name.take, LOCALHOST, 0)
    name.port = server.sockets[0].getsockname()[1]
    try:
        yield name
    finally:
        server.close()
        name.close()
