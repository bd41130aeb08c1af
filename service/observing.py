"""What becomes of every request is counted, timed, and told in one line and one span."""

import asyncio
import logging
from collections.abc import Callable, Mapping, MutableMapping
from enum import StrEnum
from typing import Any

import structlog
from prometheus_client import Counter

from core.consistency import Level
from core.topology import TRACEPARENT
from runtime.tracing import UNTRACED, Kind, Span, Tracing
from service import metrics
from service.admission import arrival_of
from service.requests import Caller, Exchange, Part, caller_of, trace

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Any]

NONE = "none"
"""What a label says where there is nothing to say: no such route, no consistency to ask for."""

NOT_TOLD = frozenset({"/livez", "/readyz", "/metrics", "/schema"})
"""What is asked all the time, or is the same for everybody: counted, and that is all."""

_TRACEPARENT = TRACEPARENT.encode()
_MILLISECONDS_OF = {part: f"{part}_milliseconds" for part in Part}

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


class Observing:
    """An ASGI application around `Admission`, so that what is refused there is told of too."""

    def __init__(self, app: Asgi, tracing: Tracing = UNTRACED) -> None:
        self._app = app
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
                _tell(scope, status, seconds or _seconds_since_arrival(scope), span)

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


def _tell(scope: Scope, status: int, seconds: float, span: Span) -> None:
    """A line and a span: never a path, a query, a header or a body, which may have what is nobody's to read."""
    is_traced, is_written = span is not UNTRACED, log.is_enabled_for(logging.INFO)
    if not is_traced and not is_written:
        return
    caller = caller_of(scope)
    method, route = scope["method"], scope.get("path_template") or NONE
    about = {} if caller is None else _about(caller)
    if is_written:
        log.info(
            "request",
            method=method,
            route=route,
            status=status,
            outcome=outcome_of(status, None if caller is None else caller.exchange),
            milliseconds=_milliseconds(seconds),
            **about,
        )
    if is_traced:
        attributes = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            **{f"crosshook.{name}": value for name, value in about.items()},
        }
        span.end(name=f"{method} {route}", is_failed=status >= 500, attributes=attributes)


def _about(caller: Caller) -> dict[str, Any]:
    """What is known of who asked for what, and where the time went."""
    exchange = caller.exchange
    about: dict[str, Any] = {"organization_id": caller.organization_id}
    if exchange.level is not None:
        about["consistency"] = exchange.level
    if exchange.operation_id:
        about["operation_id"] = exchange.operation_id
    if exchange.position is not None:
        about["origin"], about["sequence"] = exchange.position.origin, exchange.position.sequence
    for part, seconds in exchange.spent_seconds.items():
        about[_MILLISECONDS_OF[part]] = _milliseconds(seconds)
    return about


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1_000, 3)


def outcome_of(status: int, exchange: Exchange | None) -> Outcome:
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


def _late(exchange: Exchange | None) -> Outcome:
    if exchange is None or not exchange.operation_id:
        return Outcome.LATE
    return Outcome.UNKNOWN if exchange.position is None else Outcome.COMMITTED
