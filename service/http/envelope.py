"""The envelope that every answer comes in."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Response

from service.reads.pages import Listed

S = TypeVar("S")
T = TypeVar("T")


class Pagination(msgspec.Struct, frozen=True):
    """Which part of a list this is."""

    limit: int = 0
    offset: int = 0
    total_count: int = 0


class ConsistencyMeta(msgspec.Struct, frozen=True):
    """What is known when the consistency that was asked for was not reached in time."""

    required: str
    timeout_seconds: int
    state: str
    acknowledged: list[str]
    pending: list[str]


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """About the answer."""

    pagination: Pagination | None = None
    consistency: ConsistencyMeta | None = None


class ErrorItem(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    httpcode: int
    message: str


class Empty(msgspec.Struct, frozen=True):
    """An answer without a result."""

    meta: Meta = Meta(pagination=Pagination())
    errors: list[ErrorItem] = msgspec.field(default_factory=list)


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """An answer with a result."""

    result: T
    meta: Meta = Meta()
    errors: list[ErrorItem] = msgspec.field(default_factory=list)


NOTHING_MORE = Meta()

LATE = {"Retry-After": "1"}
"""The headers of every 408. Clients repeat a 408 at once, unasked (RFC 9110, section 15.5.9); some do not where it
names a time."""


def failure(
    httpcode: int, message: str, *, meta: Meta = NOTHING_MORE, headers: dict[str, str] | None = None
) -> Response[Empty]:
    """An answer that says what is wrong."""
    content = Empty(meta=meta, errors=[ErrorItem(httpcode=httpcode, message=message)])
    return Response(content, status_code=httpcode, headers=headers, media_type="application/json")


def listed(found: Listed[S], view: Callable[[S], T]) -> Answer[list[T]]:
    """A part of a list, each item as `view` shows it."""
    pagination = Pagination(limit=found.limit, offset=found.page.offset, total_count=found.total_count)
    return Answer([view(item) for item in found.items], Meta(pagination=pagination))


def rfc3339(milliseconds: int) -> str:
    """A time in milliseconds since 1970 as it is answered."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def send_whole(send: Callable[..., Any], answer: Response[Empty]) -> None:
    """Send an answer to whoever asked, from outside of the routes."""
    body = msgspec.json.encode(answer.content)
    headers = {"content-type": "application/json", "content-length": str(len(body)), **answer.headers}
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
