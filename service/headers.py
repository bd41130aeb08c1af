"""The headers and query parameters that several routes take, checked before anything else."""

import re
from typing import Any
from uuid import UUID

from litestar import Request

from core.catalogue import Trigger, trigger
from core.consistency import Level
from core.fields import InvalidField
from service.admission import arrival_of
from service.reading import Page
from service.writing import Wait

ORGANIZATION = "SlashID-OrgID"
CONSISTENCY = "SlashID-Required-Consistency"
TIMEOUT = "SlashID-Required-Consistency-Timeout"
IF_MATCH = "If-Match"
LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000
OFFSET_MAX = 1_000_000_000
TIMEOUT_SECONDS_MIN = 1
TIMEOUT_SECONDS_MAX = 120
TIMEOUT_SECONDS_DEFAULT = 30
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_ENTITY_TAG = re.compile(r'"[!#-~]*"')
_INTEGER = re.compile(r"[0-9]{1,9}")

AnyRequest = Request[Any, Any, Any]


class InvalidHeader(ValueError):
    """A header that is missing, given twice, or not what it can be."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"header {name}: expected {expected}")


def uuid_in(text: str) -> str | None:
    """The UUID that `text` is, in lower case, or None."""
    return str(UUID(text)) if _UUID.fullmatch(text) else None


def organization_id(request: AnyRequest) -> str:
    """The organization that the request is about. Raises `InvalidHeader`."""
    found = uuid_in(_only(request, ORGANIZATION) or "")
    if found is None:
        raise InvalidHeader(ORGANIZATION, "a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1")
    return found


def wait(request: AnyRequest) -> Wait:
    """The consistency that the request asks for, and until when it waits. Raises `InvalidHeader`."""
    text = _only(request, CONSISTENCY)
    try:
        level = Level.LOCAL_REGION if text is None else Level(text)
    except ValueError:
        raise InvalidHeader(CONSISTENCY, "one of " + ", ".join(Level)) from None
    text = _only(request, TIMEOUT)
    seconds = TIMEOUT_SECONDS_DEFAULT if text is None else int(text) if _INTEGER.fullmatch(text) else 0
    if not TIMEOUT_SECONDS_MIN <= seconds <= TIMEOUT_SECONDS_MAX:
        raise InvalidHeader(TIMEOUT, f"an integer from {TIMEOUT_SECONDS_MIN} to {TIMEOUT_SECONDS_MAX}, in seconds")
    return Wait(level=level, timeout_seconds=seconds, deadline=arrival_of(request.scope) + seconds)


def if_match(request: AnyRequest) -> tuple[str, ...]:
    """The entity tags of `If-Match`; none where it is missing or `*`. Raises `InvalidHeader`."""
    text = _only(request, IF_MATCH)
    if text is None or text == "*":
        return ()
    tags = [tag.strip() for tag in text.split(",")]
    if not all(_ENTITY_TAG.fullmatch(tag) for tag in tags):
        raise InvalidHeader(IF_MATCH, 'an ETag in double quotes such as "3f2a", several with commas between, or *')
    return tuple(tag.strip('"') for tag in tags)


def page(request: AnyRequest) -> Page:
    """The part of a list that `limit` and `offset` ask for. Raises `InvalidField`."""
    return Page(
        offset=_number(request, "offset", default=0, low=0, high=OFFSET_MAX),
        limit=_number(request, "limit", default=LIMIT_DEFAULT, low=1, high=LIMIT_MAX),
    )


def named_trigger(request: AnyRequest) -> Trigger:
    """The trigger that the query parameters name. Raises `InvalidField`."""
    return trigger(_parameter(request, "trigger_type") or "", _parameter(request, "trigger_name") or "")


def _number(request: AnyRequest, name: str, *, default: int, low: int, high: int) -> int:
    text = _parameter(request, name)
    if text is None:
        return default
    if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
        raise InvalidField(name, f"expected an integer from {low} to {high}")
    return int(text)


def _parameter(request: AnyRequest, name: str) -> str | None:
    values = request.query_params.getall(name, [])
    if len(values) > 1:
        raise InvalidField(name, "expected to be given once")
    return values[0] if values else None


def _only(request: AnyRequest, name: str) -> str | None:
    values = request.headers.getall(name, [])
    if len(values) > 1:
        raise InvalidHeader(name, "to be given once")
    return values[0] if values else None
