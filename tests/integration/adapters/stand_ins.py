"""A stand-in for a NATS server that sends a given greeting and serves nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

LOCALHOST = "127.0.0.1"
INFO = b'INFO {"server_id": "stand-in", "version": "2.15.1", "max_payload": 1048576, "headers": true}\r\n'

Greeting = Callable[[asyncio.StreamWriter], None]


def healthy(writer: asyncio.StreamWriter) -> None:
    writer.write(INFO)


def outdated(writer: asyncio.StreamWriter) -> None:
    writer.write(INFO.replace(b"2.15.1", b"2.11.11"))


def over_long(writer: asyncio.StreamWriter) -> None:
    writer.write(b"INFO " + b"x" * 200_000 + b"\r\n")


def garbled(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def unwilling(writer: asyncio.StreamWriter) -> None:
    writer.write(INFO + b"-ERR 'Authorization Violation'\r\n")


def silent(_: asyncio.StreamWriter) -> None:
    pass


def gone(writer: asyncio.StreamWriter) -> None:
    writer.close()


class StandIn:
    """A NATS server that sends a given greeting and answers pings."""

    def __init__(self) -> None:
        self.greeting: Greeting = healthy
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"nats://{LOCALHOST}:{self.port}"

    @property
    def is_left(self) -> bool:
        return all(writer.is_closing() for writer in self.writers)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        self.greeting(writer)
        try:
            while line := await reader.readline():
                if line.startswith(b"PING"):
                    writer.write(b"PONG\r\n")
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def stand_in() -> AsyncIterator[StandIn]:
    server = StandIn()
    listening = await asyncio.start_server(server.take, LOCALHOST, 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
        for writer in server.writers:
            writer.close()
