"""What becomes of every request is counted, timed, and told in one line and one span."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from prometheus_client import Counter

from core.consistency import Level
from core.topology import TRACEPARENT
from runtime.lines import Write
from runtime.tracing import UNTRACED, Kind, Span, Tracing
from service import metrics
from service.admission import arrival_of
from service.requests import Exchange, Part, caller_of, trace

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Any]

NONE = "none"
"""What a label says where there is nothing to say: no such route, no consistency to ask for."""

NOT_TOLD = frozenset({"/livez", "/readyz", "/metrics", "/schema"})
"""What is asked all the time, or is the same for everybody: counted, and that is all."""

_TRACEPARENT = TRACEPARENT.encode()

NO_EXCHANGE = Exchange()
"""What is known of a request before it is known who asks."""

LEFT = 0
"""The status of a request whose client went away before it had sent all of it: it got no answer."""


class Outcome(StrEnum):
    """What a request came to, in one word. A 408 that is committed or unknown was handed to the log; late is any other.

    Refused is any other 4xx, unavailable a 503, failed any other 5xx. Who left got no answer.
    """

    DONE = "done"
    REFUSED = "refused"
    COMMITTED = "committed"
    UNKNOWN = "unknown"
    LATE = "late"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    LEFT = "left"


class RequestLine(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="request"):
    """What is told of a request. What is not known is left out."""

    level: str
    method: str
    route: str
    status: int
    outcome: Outcome
    milliseconds: float
    timestamp: datetime
    consistency: Level | None = None
    organization_id: str | None = None
    operation_id: str | None = None
    origin: str | None = None
    sequence: int | None = None
    read_milliseconds: float | None = None
    append_milliseconds: float | None = None
    wait_milliseconds: float | None = None


class Observing:
    """An ASGI application around `Admission`, so that what is refused there is told of too."""

    def __init__(self, app: Asgi, *, write: Write | None = None, tracing: Tracing = UNTRACED) -> None:
        self._app = app
        self._write = write
        self._tracing = tracing
        self._counters: dict[tuple[str | None, str, Level | None, int], Counter] = {}

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Pass the request on. It counts as answered, and its time is over, when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, seconds = LEFT, 0.0
        is_told = scope["path"] not in NOT_TOLD and not scope["path"].startswith("/schema/")
        span = self._begin_span(scope) if is_told else UNTRACED

        async def observed(message: Mapping[str, Any]) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], _seconds_since_arrival(scope)
                self._answered(scope, status, seconds)
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            if is_told:
                self._tell(scope, status, seconds or _seconds_since_arrival(scope), span)

    def _begin_span(self, scope: Scope) -> Span:
        span = self._tracing.begin(scope["method"], Kind.SERVER, traceparent=_traceparent_in(scope))
        trace(scope, span)
        return span

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        caller = caller_of(scope)
        level = None if caller is None else caller.exchange.level
        self._counter(scope, level, status).inc()
        if level is not None and status < 300:
            metrics.WRITE_SECONDS_OF[level].observe(seconds)

    def _tell(self, scope: Scope, status: int, seconds: float, span: Span) -> None:
        if self._write is None and span is UNTRACED:
            return
        line = _line(scope, status, seconds)
        if self._write is not None:
            self._write(line)
        if span is not UNTRACED:
            _end_span(span, line)

    def _counter(self, scope: Scope, level: Level | None, status: int) -> Counter:
        """Looked up once for each route, level and status; there are no more than the contract has."""
        template = scope.get("path_template")
        # Anybody can make up a method, as long as there is no route.
        key = (template, scope["method"] if template else "", level, status)
        counter = self._counters.get(key)
        if counter is None:
            route = f"{scope['method']} {template}" if template else NONE
            counter = metrics.REQUESTS.labels(route, level or NONE, status)
            self._counters[key] = counter
        return counter


def _seconds_since_arrival(scope: Scope) -> float:
    return asyncio.get_running_loop().time() - arrival_of(scope)


def _traceparent_in(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _TRACEPARENT:
            return str(value, "latin-1")
    return ""


def _line(scope: Scope, status: int, seconds: float) -> RequestLine:
    """What is told: never a path, a query, a header or a body, which may have what is nobody's to read."""
    caller = caller_of(scope)
    exchange = NO_EXCHANGE if caller is None else caller.exchange
    position, spent = exchange.position, exchange.spent_seconds
    return RequestLine(
        level="info",
        method=scope["method"],
        route=scope.get("path_template") or NONE,
        status=status,
        outcome=outcome_of(status, exchange),
        milliseconds=round(seconds * 1_000, 3),
        timestamp=datetime.now(UTC),
        consistency=exchange.level,
        organization_id=None if caller is None else caller.organization_id,
        operation_id=exchange.operation_id or None,
        origin=None if position is None else position.origin,
        sequence=None if position is None else position.sequence,
        read_milliseconds=_milliseconds(spent, Part.READ),
        append_milliseconds=_milliseconds(spent, Part.APPEND),
        wait_milliseconds=_milliseconds(spent, Part.WAIT),
    )


def _milliseconds(spent_seconds: Mapping[Part, float], part: Part) -> float | None:
    return round(spent_seconds[part] * 1_000, 3) if part in spent_seconds else None


def _end_span(span: Span, line: RequestLine) -> None:
    said = msgspec.to_builtins(line)
    attributes = {f"crosshook.{name}": said[name] for name in said if name not in _HTTP}
    span.end(
        name=f"{line.method} {line.route}",
        is_failed=line.status >= 500,
        attributes=attributes | {theirs: said[ours] for ours, theirs in _HTTP.items() if theirs},
    )


_HTTP = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "event": "",
    "level": "",
    "timestamp": "",
}
"""What of a line has another name in a span, or none."""


def outcome_of(status: int, exchange: Exchange) -> Outcome:
    """What a request with that answer came to."""
    match status:
        case 0:
            return Outcome.LEFT
        case 408:
            return _late(exchange)
        case 503:
            return Outcome.UNAVAILABLE
        case _ if status >= 500:
            return Outcome.FAILED
    return Outcome.REFUSED if status >= 400 else Outcome.DONE


def _late(exchange: Exchange) -> Outcome:
    if not exchange.operation_id:
        return Outcome.LATE
    return Outcome.UNKNOWN if exchange.position is None else Outcome.COMMITTED
