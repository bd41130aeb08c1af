"""What becomes of every request is counted, timed, and told in one line and one span."""

from collections.abc import Callable, Mapping, MutableMapping
from time import monotonic
from typing import Any

from litestar.status_codes import HTTP_300_MULTIPLE_CHOICES, HTTP_408_REQUEST_TIMEOUT
from prometheus_client import Counter

from core.consistency import Level
from core.subjects import TRACEPARENT
from runtime.endings import refused_with
from runtime.lines import Write
from runtime.tracing import UNTRACED, Kind, Span, Tracing
from service import metrics
from service.http.access_log import NO_ANSWER, NO_ROUTE, end_span, line_of
from service.http.admission import is_given_up
from service.http.write_latency import WriteLatencies
from service.request.context import caller_of, trace

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Any]

NO_LEVEL = "none"
"""What is counted as the level of what is no write."""

NOT_TOLD = frozenset({"/livez", "/readyz", "/metrics", "/", "/docs", "/openapi.json", "/schema", "/dashboard"})
NOT_TOLD_BELOW = ("/schema/", "/dashboard/")
"""What is asked all the time, or is the same for everybody: counted, and that is all. One of them is a stream, which
lasts as long as somebody looks."""

DIED = 500
"""What the server below answers in the place of an application that ends without an answer."""

_TRACEPARENT = TRACEPARENT.encode()


class Instrumentation:
    """An ASGI application around `Admission`, so that what is refused there is told of too."""

    def __init__(
        self, app: Asgi, *, latencies: WriteLatencies, write: Write | None = None, tracing: Tracing = UNTRACED
    ) -> None:
        self._app = app
        self._latencies = latencies
        self._write = write
        self._tracing = tracing
        self._counters: dict[tuple[str | None, str, Level | None, int], Counter] = {}

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Pass the request on. It counts as answered, and its time is over, when its answer begins.

        What dies without an answer is counted then. Who leaves, or is sent away, before his request is here is not.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # The event loop's own time, which deadlines are in, is in whole milliseconds, and as old as its turn.
        arrival, status, seconds, is_broken_off = monotonic(), NO_ANSWER, 0.0, False
        is_told = scope["path"] not in NOT_TOLD and not scope["path"].startswith(NOT_TOLD_BELOW)
        span = self._begin_span(scope) if is_told else UNTRACED

        async def observed(message: Mapping[str, Any]) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], self._answered(scope, message["status"], arrival)
            await send(message)

        try:
            await self._app(scope, receive, observed)
        except BaseException:
            is_broken_off = True
            raise
        finally:
            if status == NO_ANSWER and (refused := refused_with(scope)) is not None:
                status, seconds = refused, self._answered(scope, refused, arrival)
            elif status == NO_ANSWER and is_given_up(scope):
                seconds = monotonic() - arrival
            elif status == NO_ANSWER:
                status, seconds = DIED, self._answered(scope, DIED, arrival)
            if is_told:
                self._tell(scope, span, status=status, seconds=seconds, is_broken_off=is_broken_off)

    def _begin_span(self, scope: Scope) -> Span:
        span = self._tracing.begin(scope["method"], Kind.SERVER, traceparent=_traceparent_in(scope))
        trace(scope, span)
        return span

    def _answered(self, scope: Scope, status: int, arrival: float) -> float:
        """The answer begins. Returns how many seconds it took."""
        caller, now = caller_of(scope), monotonic()
        level = None if caller is None else caller.exchange.level
        self._counter(scope, level, status).inc()
        if level is not None and status < HTTP_300_MULTIPLE_CHOICES:
            metrics.WRITE_SECONDS_OF[level].observe(now - arrival)
            self._latencies.took(level, now - arrival, now_seconds=now)
        elif level is not None and status == HTTP_408_REQUEST_TIMEOUT:
            self._latencies.late(level, now_seconds=now)
        return now - arrival

    def _tell(self, scope: Scope, span: Span, *, status: int, seconds: float, is_broken_off: bool) -> None:
        if self._write is None and span is UNTRACED:
            return
        line = line_of(scope, status=status, seconds=seconds, is_broken_off=is_broken_off)
        if self._write is not None:
            self._write(line)
        if span is not UNTRACED:
            end_span(span, line)

    def _counter(self, scope: Scope, level: Level | None, status: int) -> Counter:
        """Looked up once for each route, level and status; there are no more than the contract has."""
        template = scope.get("path_template")
        # Anybody can make up a method, as long as there is no route.
        key = (template, scope["method"] if template else "", level, status)
        counter = self._counters.get(key)
        if counter is None:
            route = f"{scope['method']} {template}" if template else NO_ROUTE
            counter = metrics.REQUESTS.labels(route, level or NO_LEVEL, status)
            self._counters[key] = counter
        return counter


def _traceparent_in(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _TRACEPARENT:
            return str(value, "latin-1")
    return ""
