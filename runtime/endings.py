"""The end of a connection: every request before it is answered, in order, and no client can keep it open."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from runtime.messages import MessageProtocol, Part
from runtime.refusals import CLOSED, CUT_OFF_BODY, CUT_OFF_HEAD, Refusal, refusal_for
from runtime.transport import TogetherTransport

TAKE_SECONDS = 10.0
"""How long a client may leave sent bytes unread, or leave open a connection that this process has closed."""

_REFUSED_WITH = "crosshook.refused_with"


def refused_with(scope: Mapping[str, Any]) -> int | None:
    """The status of the response to a request whose body did not arrive whole, by its ASGI scope."""
    status: int | None = scope.get("state", {}).get(_REFUSED_WITH)
    return status


class EndingProtocol(MessageProtocol):
    """uvicorn's protocol, which ends a connection at once and without a response."""

    __slots__ = ("_begun", "_broken", "_end_timer", "_refusal")

    transport: TogetherTransport

    def __init__(self, **of_uvicorn: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**of_uvicorn)
        self._refusal: Refusal | None = None
        self._begun: RequestResponseCycle | None = None
        self._broken: RequestResponseCycle | None = None
        self._end_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start."""
        super().connection_made(TogetherTransport(transport, self.loop))

    @property
    def is_answered(self) -> bool:
        """Whether every request has its response."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Parse the bytes that arrived, up to the first that are not valid."""
        if self._refusal is not None:
            return
        try:
            self.parse(data)
        except httptools.HttpParserError as error:
            is_first = cast("RequestResponseCycle | None", self.cycle) is None
            self.refuse(refusal_for(error, is_body=self.part is Part.BODY, is_first=is_first))

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends nothing more but still reads (RFC 9112, 9.6): answer its requests, then close."""
        if self._refusal is None and self.part is not Part.BETWEEN:
            self.refuse(CUT_OFF_BODY if self.part is Part.BODY else CUT_OFF_HEAD)
        elif not self.is_answered:
            self.cycle.keep_alive = False
        return not self.is_answered

    def refuse(self, refusal: Refusal) -> None:
        """Stop reading. Once the requests before it are answered, send the refusal and close."""
        if self._refusal is not None:
            return
        self._refusal = refusal
        CLOSED.labels(refusal.reason).inc()
        if self.part is Part.BODY:
            self._break(self.cycle, refusal)
        elif self.is_answered:
            self._end_with(refusal.response())

    def on_response_complete(self) -> None:
        """Start the next request, or close. uvicorn's own method sets a timer for each response."""
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.flow.resume_reading()
            if self.pipeline:
                self._start_asgi_task(*self.pipeline.pop())
        if self.transport.is_closing():
            self._end_in_time()
        elif self._refusal is not None and self.is_answered:
            self._end_with(self._refusal.response())

    def pause_writing(self) -> None:
        """The client does not read the response."""
        super().pause_writing()
        self._end_in_time()

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_end_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the request that runs: uvicorn notifies only the last one that arrived."""
        self._stop_end_timer()
        if self._begun is not None and not self._begun.response_complete:
            self._begun.disconnected = True
            self._begun.message_event.set()
        super().connection_lost(exc)

    def end(self, reason: str) -> None:
        """Close the connection without a response."""
        CLOSED.labels(reason).inc()
        self._end_with(b"")

    def _break(self, cycle: RequestResponseCycle, refusal: Refusal) -> None:
        """End a request whose body cannot arrive whole. The application sees a disconnect; this sends the response."""
        if cycle.response_started:
            self._end_with(b"")  # The client would take it for the next response, or for a part of this one.
            return
        cycle.scope["state"][_REFUSED_WITH] = int(refusal.status)
        cycle.disconnected = True
        cycle.body.clear()
        cycle.message_event.set()
        self.transport.linger()
        if self.pipeline:
            self._broken = cycle
        else:
            self._end_with(refusal.response())

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - uvicorn's own
        self._begun = cycle
        super()._start_asgi_task(cycle, app)
        if cycle is self._broken and self._refusal is not None:
            self._end_with(self._refusal.response())

    def _end_with(self, response: bytes) -> None:
        if response:
            self.transport.write(response)
        self.transport.close()
        self._end_in_time()

    def _end_in_time(self) -> None:
        if self._end_timer is None:
            self._end_timer = self.loop.call_later(TAKE_SECONDS, self._abort)

    def _stop_end_timer(self) -> None:
        if self._end_timer is not None:
            self._end_timer.cancel()
            self._end_timer = None

    def _abort(self) -> None:
        CLOSED.labels("take_seconds").inc()
        self.transport.abort()
