"""HTTP over one connection, bounded: its head in size and time, its answers in time, connections in number."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

from prometheus_client import Counter
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from runtime.answers import closing_answer
from runtime.transport import TogetherTransport

HEAD_BYTES_MAX = 64 * 1024
"""How large a request's head, or what is sent beside its body, may be, give or take `PIECE_BYTES`."""

PIECE_BYTES = 4 * 1024
"""The parser does not say what it keeps for later. So it is given a little at a time, and what it uses is counted."""

HEAD_SECONDS = 60.0
"""How long a whole head may take to come, from when the connection was made or its last answer given.

Longer than clients keep an idle connection for another request, so that it is they who close it."""

TAKE_SECONDS = 10.0
"""How long a client may not take what is sent to it, or leave open what is closed."""

BODY_GRACE_SECONDS = 1.0
"""How long a body that is coming may take to come, from when the server was told to stop."""

LIVEZ = "/livez"
"""What is answered on connections beyond the limit too: who asks it would restart a process that does not answer."""

SPARE_CONNECTIONS = 16
"""How many there may be beyond the limit, each until it is known that it asks for something else."""

SPARE_SECONDS = 1.0
"""How long one of them may keep that to itself."""

PIPELINED_MAX = 100
"""How many requests may come on one connection before the first of them is answered."""

CLOSED = Counter("crosshook_connections_closed_total", "Connections closed by this process, by why", ["reason"])

_IS_CLOSED = "crosshook.is_closed"


def is_closed_here(scope: Mapping[str, Any]) -> bool:
    """Whether this process closed the connection of the request with that ASGI scope, for what came on it."""
    return _IS_CLOSED in scope.get("state", ())


class _Refused(Exception):
    """What stops the parser; it is not heard of beyond it."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's, which bounds none of these."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        connections_max: int,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._connections_max = connections_max
        self._is_spare = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._end_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._unparsed_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head, or refuse it where there are too many: at once, or when it asks for more than `LIVEZ`."""
        super().connection_made(TogetherTransport(transport, self.loop))
        too_many = len(self.connections) - self._connections_max
        self._is_spare = 0 < too_many <= SPARE_CONNECTIONS
        if self._is_spare:
            self._head_timer = self.loop.call_later(SPARE_SECONDS, self._refuse_connection)
        elif too_many > 0:
            self._refuse_connection()
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_head_timer()
        self._stop_end_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; refuse a head, or anything else beside a body, that has become too large."""
        for start in range(0, len(data), PIECE_BYTES):
            if self.transport.is_closing():
                return
            piece = data[start : start + PIECE_BYTES]
            self._unparsed_bytes += len(piece)
            super().data_received(piece)
            if self._head_bytes + self._unparsed_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
                self._refuse_head()

    def on_message_begin(self) -> None:
        """Count its head from here."""
        self._head_bytes = self._unparsed_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count it."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count it. A chunked body's trailers come here too."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is here."""
        if len(self.pipeline) >= PIPELINED_MAX or (self._is_spare and self.url != LIVEZ.encode()):
            raise _Refused
        self._stop_head_timer()
        self._unparsed_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """What is left of the read belongs to it, as far as is known."""
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Whatever follows is the next message's."""
        self._head_bytes = self._unparsed_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next head, or for the end."""
        super().on_response_complete()
        if self._is_spare:
            self.transport.close()
        if self.transport.is_closing():
            self._end_in_time()
        elif self.cycle.response_complete:
            self._await_head()

    def timeout_keep_alive_handler(self) -> None:
        """Close it."""
        super().timeout_keep_alive_handler()
        self._end_in_time()

    def shutdown(self) -> None:
        """Close it at once if nothing is asked on it; soon, if what is asked does not come."""
        super().shutdown()
        if self.transport.is_closing():
            self._end_in_time()
        elif self.cycle.more_body:
            self._stop_head_timer()
            self._head_timer = self.loop.call_later(BODY_GRACE_SECONDS, self._give_up_body)

    def pause_writing(self) -> None:
        """Somebody does not take the answer."""
        super().pause_writing()
        self._end_in_time()

    def resume_writing(self) -> None:
        """Somebody does."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_end_timer()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP, or was refused while it was parsed."""
        if self._is_spare:
            self._refuse_connection()
        elif self._head_bytes > HEAD_BYTES_MAX:
            self._refuse_head()
        else:
            self._answer_and_close(400, msg, "pipelined" if len(self.pipeline) >= PIPELINED_MAX else "syntax")

    def _count(self, size: int) -> None:
        self._unparsed_bytes = 0
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES_MAX:
            raise _Refused

    def _refuse_connection(self) -> None:
        self._stop_head_timer()
        self._answer_and_close(503, "this process has too many connections; try again", "connections")

    def _refuse_head(self) -> None:
        self._answer_and_close(431, f"head: expected at most {HEAD_BYTES_MAX} bytes", "head_bytes")

    def _await_head(self) -> None:
        self._stop_head_timer()
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._close, "head_seconds")

    def _give_up_body(self) -> None:
        if self.cycle.more_body:
            self._close("body_grace_seconds")

    def _answer_and_close(self, status: int, message: str, reason: str) -> None:
        """Say it, unless it would be taken for the answer to a request that is still waiting for its own."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            self.transport.write(closing_answer(status, message))
        self._close(reason)

    def _close(self, reason: str) -> None:
        CLOSED.labels(reason).inc()
        if (cycle := cast("RequestResponseCycle | None", self.cycle)) is not None:
            cycle.scope["state"][_IS_CLOSED] = True
        self.transport.close()
        self._end_in_time()

    def _end_in_time(self) -> None:
        if self._end_timer is None:
            self._end_timer = self.loop.call_later(TAKE_SECONDS, self._abort)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_end_timer(self) -> None:
        if self._end_timer is not None:
            self._end_timer.cancel()
            self._end_timer = None

    def _abort(self) -> None:
        CLOSED.labels("take_seconds").inc()
        self.transport.abort()


def protocol_with(*, connections_max: int) -> Callable[..., BoundedProtocol]:
    """What uvicorn makes a protocol with."""

    def protocol(**arguments: Any) -> BoundedProtocol:  # noqa: ANN401 - uvicorn's own
        return BoundedProtocol(**arguments, connections_max=connections_max)

    return protocol
