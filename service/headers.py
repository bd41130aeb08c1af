"""The headers that every route or every write takes, checked before anything else."""

import re
from uuid import UUID

from litestar import Request

from core.consistency import Level
from service.admission import arrival_of
from service.writing import Wait

ORGANIZATION = "SlashID-OrgID"
CONSISTENCY = "SlashID-Required-Consistency"
TIMEOUT = "SlashID-Required-Consistency-Timeout"
TIMEOUT_SECONDS_MIN = 1
TIMEOUT_SECONDS_MAX = 120
TIMEOUT_SECONDS_DEFAULT = 30
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_INTEGER = re.compile(r"[0-9]{1,9}")

AnyRequest = Request[object, object, object]  # type: ignore[type-var]


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


def _only(request: AnyRequest, name: str) -> str | None:
    values = request.headers.getall(name, [])
    if len(values) > 1:
        raise InvalidHeader(name, "to be given once")
    return values[0] if values else None
