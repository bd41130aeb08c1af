"""Answer the requests of this user's other processes about the regions."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from deploy.local.control.messages import Answer, Refused, Request, decode_request, encode
from deploy.local.control.path import control_path, make_directory, remove_directory_if_empty
from deploy.local.errors import DemoRunning, LocalError

Fulfil = Callable[[Request], Awaitable[Answer]]
"""Carries out a request, and returns the answer. A `LocalError` becomes a refusal."""


class Control:
    """Answers requests with `fulfil`. Without it every request is refused, because the regions are not ready."""

    def __init__(self) -> None:
        self.fulfil: Fulfil | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer each line with one line, until the client leaves or sends a line longer than 64 KiB."""
        self._connections.add(writer)
        try:
            while line := await reader.readline():
                writer.write(encode(await self._answer(line)))
                await writer.drain()
        except (ValueError, ConnectionError):
            return
        finally:
            self._connections.discard(writer)
            writer.close()

    def close(self) -> None:
        """Close every connection."""
        for connection in tuple(self._connections):
            connection.close()

    async def _answer(self, line: bytes) -> Answer:
        try:
            request = decode_request(line)
        except msgspec.DecodeError as error:
            return Refused(f"not a request: {error}")
        if self.fulfil is None:
            return Refused("the regions are starting or stopping; try again when they are ready")
        try:
            return await self.fulfil(request)
        except LocalError as error:
            return Refused(str(error))


@asynccontextmanager
async def control_server(name: str) -> AsyncIterator[Control]:
    """Listen under `name` until the end. Replaces the socket of a dead demo.

    Raises `DemoRunning` for a live one, and `NotPrivate`.
    """
    path = control_path(name)
    make_directory()
    if await _is_answered(path):
        raise DemoRunning(name=name)
    path.unlink(missing_ok=True)
    control = Control()
    server = await asyncio.start_unix_server(control.serve, sock=_bound(path))
    try:
        yield control
    finally:
        server.close()
        control.close()
        path.unlink(missing_ok=True)
        remove_directory_if_empty()


def _bound(path: Path) -> socket.socket:
    """A socket that only this user can connect to, whatever the umask. It does not listen yet."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(str(path))
        path.chmod(0o600)
    except OSError:
        bound.close()
        raise
    return bound


async def _is_answered(path: Path) -> bool:
    """Whether a process listens at the socket. The socket need not exist."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    writer.close()
    return True
