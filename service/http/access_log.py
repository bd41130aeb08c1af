"""The access log line and the span of a request, written when it ends."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR
from opentelemetry.trace import Span, StatusCode

from core.consistency import Level
from service.request.scope import identified_in, is_expired_in, level_in, shown_in
from service.request.shown import Shown
from service.request.timing import Part

NO_ROUTE = "none"
"""The `route` of a request without a route, or whose route was not looked up."""

NO_RESPONSE = 0
"""The status of a request whose connection ended before the whole request had arrived."""

_HTTP = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "event": "",
    "level": "",
    "timestamp": "",
}
"""The fields of a line that have another name in a span, or none."""


class Outcome(StrEnum):
    """The outcome of a request, in one word. A committed or unknown 408 was handed to the log; late is any other.

    Expired has an API key that is expired, refused any other 4xx, unavailable a 503. Failed has any other 5xx, or broke
    off. Left is by the client, before all of the request was here.
    """

    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    COMMITTED = "committed"
    UNKNOWN = "unknown"
    LATE = "late"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    LEFT = "left"


class RequestLine(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="request"):
    """The fields of a request's line. Unknown ones are left out."""

    level: str
    method: str
    route: str
    status: int
    outcome: Outcome
    milliseconds: float
    timestamp: datetime
    consistency: Level | None = None
    organization_id: str | None = None
    claimed_organization_id: str | None = None
    operation_id: str | None = None
    origin: str | None = None
    sequence: int | None = None
    read_milliseconds: float | None = None
    append_milliseconds: float | None = None
    wait_milliseconds: float | None = None


def line_of(scope: Mapping[str, Any], *, status: int, seconds: float, is_broken_off: bool) -> RequestLine:
    """The fields of a line: never a path, a query, a header or a body, which may have secrets."""
    request, shown = identified_in(scope), shown_in(scope)
    position = None if shown is None else shown.position
    spent: Mapping[Part, float] = {} if request is None else request.timing.spent_seconds
    return RequestLine(
        level="info",
        method=scope["method"],
        route=scope.get("path_template") or NO_ROUTE,
        status=status,
        outcome=Outcome.FAILED if is_broken_off else outcome_of(status, shown, is_expired=is_expired_in(scope)),
        milliseconds=round(seconds * 1_000, 3),
        timestamp=datetime.now(UTC),
        consistency=level_in(scope),
        organization_id=request.caller.organization_id if request is not None and request.is_proven else None,
        claimed_organization_id=None if request is None or request.is_proven else request.caller.organization_id,
        operation_id=None if shown is None else shown.operation_id or None,
        origin=None if position is None else position.origin,
        sequence=None if position is None else position.sequence,
        read_milliseconds=_milliseconds(spent, Part.READ),
        append_milliseconds=_milliseconds(spent, Part.APPEND),
        wait_milliseconds=_milliseconds(spent, Part.WAIT),
    )


def _milliseconds(spent_seconds: Mapping[Part, float], part: Part) -> float | None:
    return round(spent_seconds[part] * 1_000, 3) if part in spent_seconds else None


def end_span(span: Span, line: RequestLine) -> None:
    """End the span of a request with the fields of its line, under OpenTelemetry's names if there are any."""
    members = msgspec.to_builtins(line)
    span.update_name(f"{line.method} {line.route}")
    if line.status >= HTTP_500_INTERNAL_SERVER_ERROR or line.outcome is Outcome.FAILED:
        span.set_status(StatusCode.ERROR)
    span.set_attributes({f"crosshook.{name}": members[name] for name in members if name not in _HTTP})
    span.set_attributes({theirs: members[ours] for ours, theirs in _HTTP.items() if theirs})
    span.end()


def outcome_of(status: int, shown: Shown | None, *, is_expired: bool = False) -> Outcome:
    """The outcome of a request with that response."""
    match status:
        case 0:
            return Outcome.LEFT
        case 401 if is_expired:
            return Outcome.EXPIRED
        case 408:
            return _late(shown)
        case 503:
            return Outcome.UNAVAILABLE
        case _ if status >= 500:
            return Outcome.FAILED
    return Outcome.REFUSED if status >= 400 else Outcome.DONE


def _late(shown: Shown | None) -> Outcome:
    if shown is None or not shown.operation_id:
        return Outcome.LATE
    return Outcome.UNKNOWN if shown.position is None else Outcome.COMMITTED
