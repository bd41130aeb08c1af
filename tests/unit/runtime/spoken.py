"""A connection without a socket: the requests that given pieces of bytes make, and the bytes that go back."""

import asyncio
import re
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, NamedTuple

from uvicorn.config import Config
from uvicorn.server import ServerState

from runtime.endings import EndingProtocol

Headers = list[tuple[bytes, bytes]]


class Asked(NamedTuple):
    """A request as an application sees it. `body` is None if the body did not arrive whole."""

    method: str
    path: str
    headers: Headers
    body: bytes | None


class Wire(asyncio.Transport):
    """Records the sent bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.is_closed = True

    def write_eof(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's own
        return ("127.0.0.1", 8080) if name in ("sockname", "peername") else default


class Conversation:
    """The requests and responses of one connection.

    A request is answered `204` once its body has arrived, or at once if the application does not read bodies.
    """

    def __init__(self, *, reads_bodies: bool = True) -> None:
        self._reads_bodies = reads_bodies
        self.asked: list[Asked] = []
        self.wire = Wire()
        self.is_closed = False
        self._state = ServerState()
        config = Config(
            self._app,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        self._protocol = EndingProtocol(config=config, server_state=self._state, app_state={})
        self._protocol.connection_made(self.wire)

    async def hear(self, pieces: Iterable[bytes], *, is_ended: bool = False) -> None:
        """Feed it the pieces one by one, until every request is answered."""
        for piece in pieces:
            await asyncio.sleep(0)
            if not self.wire.is_closed:
                self._protocol.data_received(piece)
        if is_ended and not self.wire.is_closed and not self._protocol.eof_received():
            self.wire.close()
        while self._state.tasks and not self._is_waiting():
            await asyncio.sleep(0)
        self.is_closed = self.wire.is_closed
        self._protocol.connection_lost(None)
        await asyncio.gather(*self._state.tasks)

    @property
    def statuses(self) -> list[int]:
        """The sent responses, in order."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", self.wire.sent)]

    def _is_waiting(self) -> bool:
        """Whether a request waits for more bytes."""
        return bool(self._protocol.cycle.more_body and not self._protocol.cycle.message_event.is_set())

    async def _app(
        self, scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        body: bytes | None = b""
        while self._reads_bodies:
            message = await receive()
            if message["type"] == "http.disconnect":
                body = None
                break
            body = (body or b"") + message["body"]
            if not message["more_body"]:
                break
        self.asked.append(Asked(scope["method"], scope["raw_path"].decode(), list(scope["headers"]), body))
        if body is not None:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})


async def spoken(pieces: Iterable[bytes], *, is_ended: bool = False, reads_bodies: bool = True) -> Conversation:
    """The connection after it received `pieces`."""
    conversation = Conversation(reads_bodies=reads_bodies)
    await conversation.hear(pieces, is_ended=is_ended)
    return conversation
