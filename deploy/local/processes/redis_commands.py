"""Sends commands to a Redis on this machine as its operator."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from deploy.local.errors import SecretsNotTaken
from deploy.local.network.ports import LOCALHOST
from deploy.redis.configuration import OPERATOR

_ANSWER_SECONDS_MAX = 5.0


async def run_as_operator(port: int, password: str, commands: Sequence[str]) -> None:
    """Send each command in turn. Each must be answered with OK. Raises `SecretsNotTaken`."""
    async with _operator(port, password) as redis:
        for command in commands:
            await redis.expect_ok(command)


async def end_connections(port: int, password: str, *, user: str, older_than_seconds: float) -> None:
    """End the connections of `user` that are older: they logged in with a password that is gone.

    Raises `SecretsNotTaken`.
    """
    async with _operator(port, password) as redis:
        for line in (await redis.text("CLIENT LIST")).splitlines():
            client = dict(pair.split("=", 1) for pair in line.split() if "=" in pair)
            if client.get("user") == user and int(client["age"]) > older_than_seconds:
                await redis.text(f"CLIENT KILL ID {client['id']}")


class _Redis:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def expect_ok(self, command: str) -> None:
        """Send a command that is answered with OK."""
        if (answer := await self.text(command)) != "+OK":
            raise SecretsNotTaken(f"Redis answered {command.split(maxsplit=1)[0]} with {answer!r}")

    async def text(self, command: str) -> str:
        """The answer to a command: a line, or one text."""
        self._writer.write(f"{command}\r\n".encode())
        line = (await self._reader.readline()).decode(errors="replace").strip()
        if line.startswith("$"):
            return (await self._reader.readexactly(int(line[1:]) + 2)).decode(errors="replace")
        return line


@asynccontextmanager
async def _operator(port: int, password: str) -> AsyncIterator[_Redis]:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS_MAX):
            reader, writer = await asyncio.open_connection(LOCALHOST, port)
            try:
                redis = _Redis(reader, writer)
                await redis.expect_ok(f"AUTH {OPERATOR} {password}")
                yield redis
            finally:
                writer.close()
    except (OSError, TimeoutError, EOFError) as error:
        raise SecretsNotTaken(f"the Redis at port {port} did not answer: {error}") from error
