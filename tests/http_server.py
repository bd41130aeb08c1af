"""A server that sends each response in pieces, and records its requests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

CREATED = b'HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"errors": []}\n'
REFUSED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"


@dataclass
class Server:
    """Sends `answer(number)` for each request in three pieces, and records the requests."""

    answer: Callable[[int], bytes]
    pause_seconds: float = 0.0
    requests: int = 0
    at_work: int = 0
    at_work_max: int = 0
    paths: tuple[bytes, ...] = ()
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                self.paths += (request.split(b" ")[1],)
                self.at_work += 1
                self.at_work_max = max(self.at_work, self.at_work_max)
                await asyncio.sleep(self.pause_seconds)
                self.at_work -= 1
                answer = self.answer(self.requests)
                for part in (answer[:20], answer[20:-3], answer[-3:]):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(answer: Callable[[int], bytes], *, pause_seconds: float = 0.0) -> AsyncIterator[Server]:
    server = Server(answer, pause_seconds)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
