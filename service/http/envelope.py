"""The envelope of every response, and the descriptions of its members for the OpenAPI document."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

import msgspec

from core.consistency import Level
from service.http.encoded_response import EncodedResponse
from service.reads.pages import Listed

S = TypeVar("S")
T = TypeVar("T")


Moment = Annotated[
    str, msgspec.Meta(description="RFC 3339, UTC, with milliseconds.", extra_json_schema={"format": "date-time"})
]


def _count(description: str, **schema: str) -> msgspec.Meta:
    return msgspec.Meta(description=description, extra_json_schema={"minimum": 0, **schema})


class Pagination(msgspec.Struct, frozen=True):
    """Which part of a list this is."""

    limit: Annotated[int, _count("How many items the request asked for. Without `limit`: all.")] = 0
    offset: Annotated[int, _count("How many items come before this part.")] = 0
    total_count: Annotated[int, _count("How many items the whole list has.", format="int64")] = 0


class ConsistencyMeta(msgspec.Struct, frozen=True):
    """What is known of a write that did not reach the required consistency in time."""

    required: Annotated[
        str, msgspec.Meta(description="The level that the request required.", extra_json_schema={"enum": list(Level)})
    ]
    timeout_seconds: Annotated[
        int, msgspec.Meta(description="How long the request waited.", extra_json_schema={"minimum": 1, "maximum": 120})
    ]
    state: Annotated[
        str,
        msgspec.Meta(
            description=(
                "`committed`: the event is in the log, and every region will apply it. `unknown`: the log did not "
                "answer. The event may be in it, or may still arrive. If the log is halted, the event may be lost."
            ),
            extra_json_schema={"enum": ["committed", "unknown"]},
        ),
    ]
    acknowledged: Annotated[list[str], msgspec.Meta(description="The regions that are known to have applied it.")]
    pending: Annotated[list[str], msgspec.Meta(description="The other regions.")]


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """About the response."""

    pagination: Annotated[Pagination | None, msgspec.Meta(description="Of a list: which part this is.")] = None
    consistency: Annotated[
        ConsistencyMeta | None, msgspec.Meta(description="Of a write's 408: what is known of the write.")
    ] = None


class ErrorItem(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    httpcode: Annotated[
        int,
        msgspec.Meta(description="The response's status.", extra_json_schema={"minimum": 400, "maximum": 599}),
    ]
    message: Annotated[str, msgspec.Meta(description="What is wrong, and what the service expects.")]


Errors = Annotated[list[ErrorItem], msgspec.Meta(description="What is wrong. Empty if nothing is.")]


class Empty(msgspec.Struct, frozen=True):
    """A response without a result."""

    meta: Meta = Meta(pagination=Pagination())
    errors: Errors = msgspec.field(default_factory=list)


class Envelope(msgspec.Struct, Generic[T], frozen=True):
    """A response with a result."""

    result: T
    meta: Meta = Meta()
    errors: Errors = msgspec.field(default_factory=list)


NOTHING_MORE = Meta()

LATE = {"Retry-After": "1"}
"""The headers of every 408. Clients repeat a 408 at once, unasked (RFC 9110, section 15.5.9); some do not where it
names a time."""


def failure(
    httpcode: int, message: str, *, meta: Meta = NOTHING_MORE, headers: Mapping[str, str] | None = None
) -> EncodedResponse[Empty]:
    """A response that says what is wrong."""
    content = Empty(meta=meta, errors=[ErrorItem(httpcode=httpcode, message=message)])
    return EncodedResponse(content, status_code=httpcode, headers=dict(headers or {}))


def listed(found: Listed[S], view: Callable[[S], T]) -> Envelope[list[T]]:
    """A part of a list, with each item in the form that `view` makes."""
    pagination = Pagination(limit=found.limit, offset=found.page.offset, total_count=found.total_count)
    return Envelope([view(item) for item in found.items], Meta(pagination=pagination))


def rfc3339(milliseconds: int) -> str:
    """A time in milliseconds since 1970, in the form of a response."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
