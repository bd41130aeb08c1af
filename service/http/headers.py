"""What requests say in headers, checked before anything else."""

import hmac
import re
from typing import Any

import msgspec
from litestar import Request

from core.api_keys import Unauthenticated, credentials_in
from core.consistency import Level
from core.events import IdempotencyKey
from core.fields import InvalidField
from core.idempotency import idempotency_key_of
from core.preconditions import UNCONDITIONAL, InvalidTags, Preconditions, tags_in
from core.tokens import InvalidToken, parse_token
from service.http.admission import arrival_of
from service.http.identifiers import uuid_in
from service.request.context import Caller, Exchange, ReadRequest, Wait, WriteRequest, remember

ORGANIZATION = "SlashID-OrgID"
API_KEY = "SlashID-API-Key"
CONSISTENCY = "SlashID-Required-Consistency"
TIMEOUT = "SlashID-Required-Consistency-Timeout"
TOKEN = "SlashID-Consistency-Token"  # noqa: S105 - the name of a header
OPERATION = "SlashID-Operation-ID"
IDEMPOTENCY_KEY = "Idempotency-Key"
IF_MATCH = "If-Match"
IF_NONE_MATCH = "If-None-Match"
AUTHORIZATION = "Authorization"
CONTENT_ENCODING = "Content-Encoding"
TIMEOUT_SECONDS_MIN = 1
TIMEOUT_SECONDS_MAX = 120
TIMEOUT_SECONDS_DEFAULT = 30
IDEMPOTENCY_KEY_CHARACTERS_MAX = 255
_IDEMPOTENCY_KEY = re.compile(rf"[!-~]{{1,{IDEMPOTENCY_KEY_CHARACTERS_MAX}}}")
_INTEGER = re.compile(r"[0-9]{1,10}")

AnyRequest = Request[Any, Any, Any]


class InvalidHeader(ValueError):
    """A header that is missing, given twice, or not what it can be."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"header {name}: expected {expected}")


class NotTheAdministrator(Unauthenticated):
    """The admin key is missing, or another one."""


async def write_request(request: AnyRequest) -> WriteRequest:
    """A write in the name of an organization. Raises `Unauthenticated`, `InvalidHeader`."""
    return await _write(request, _with_token(caller_in(request), request))


def read_request(request: AnyRequest) -> ReadRequest:
    """A read in the name of an organization. Raises `Unauthenticated`, `InvalidHeader`."""
    return _read(request, _with_token(caller_in(request), request))


class AdminHeaders:
    """What the admin routes' requests say: the admin key, which stands in for an organization's."""

    def __init__(self, admin_key: str) -> None:
        self._shown = f"Bearer {admin_key}".encode()

    async def write_request(self, request: AnyRequest) -> WriteRequest:
        """A write by the administrator. Raises `NotTheAdministrator`, `InvalidHeader`."""
        return await _write(request, _with_token(self.caller(request), request))

    def read_request(self, request: AnyRequest) -> ReadRequest:
        """A read by the administrator. Raises `NotTheAdministrator`, `InvalidHeader`."""
        return _read(request, _with_token(self.caller(request), request))

    def caller(self, request: AnyRequest) -> Caller:
        """The administrator. Raises `NotTheAdministrator`, `InvalidHeader`, `InvalidField`."""
        shown = _only(request, AUTHORIZATION) or ""
        if not hmac.compare_digest(shown.encode(), self._shown):
            raise NotTheAdministrator
        organization_id = uuid_in(str(request.path_params["organization_id"]))
        if organization_id is None:
            raise InvalidField("organization_id", "expected a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1")
        caller = Caller(organization_id, credentials=None, exchange=Exchange(is_let_in=True))
        return remember(request.scope, caller)


def caller_in(request: AnyRequest) -> Caller:
    """Somebody who acts for an organization. Raises `Unauthenticated`, `InvalidHeader`."""
    credentials = credentials_in(_only(request, API_KEY) or "")
    return remember(request.scope, Caller(organization_in(request), credentials))


def organization_in(request: AnyRequest) -> str:
    """The organization that the request is about. Raises `InvalidHeader`."""
    organization_id = uuid_in(_only(request, ORGANIZATION) or "")
    if organization_id is None:
        raise InvalidHeader(ORGANIZATION, "a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1")
    return organization_id


def _with_token(caller: Caller, request: AnyRequest) -> Caller:
    text = _only(request, TOKEN)
    try:
        caller.exchange.asked = {} if text is None else parse_token(text)
    except InvalidToken:
        raise InvalidHeader(TOKEN, "what an answer's header of that name said") from None
    return caller


async def _write(request: AnyRequest, caller: Caller) -> WriteRequest:
    return WriteRequest(
        caller=caller,
        wait=_wait(request, caller),
        idempotency_key=await _idempotency_key(request, caller.organization_id),
        preconditions=_preconditions(request),
    )


def _wait(request: AnyRequest, caller: Caller) -> Wait:
    text = _only(request, CONSISTENCY)
    try:
        level = Level.LOCAL_REGION if text is None else Level(text)
    except ValueError:
        raise InvalidHeader(CONSISTENCY, "one of " + ", ".join(Level)) from None
    caller.exchange.level = level
    seconds = _timeout_seconds(request)
    return Wait(level=level, timeout_seconds=seconds, deadline=arrival_of(request.scope) + seconds)


def _read(request: AnyRequest, caller: Caller) -> ReadRequest:
    seconds = _timeout_seconds(request)
    return ReadRequest(
        caller=caller,
        timeout_seconds=seconds,
        deadline=arrival_of(request.scope) + seconds,
        preconditions=_preconditions(request),
    )


def _timeout_seconds(request: AnyRequest) -> int:
    text = _only(request, TIMEOUT)
    seconds = TIMEOUT_SECONDS_DEFAULT if text is None else int(text) if _INTEGER.fullmatch(text) else 0
    if not TIMEOUT_SECONDS_MIN <= seconds <= TIMEOUT_SECONDS_MAX:
        raise InvalidHeader(TIMEOUT, f"an integer from {TIMEOUT_SECONDS_MIN} to {TIMEOUT_SECONDS_MAX}, in seconds")
    return seconds


async def _idempotency_key(request: AnyRequest, organization_id: str) -> IdempotencyKey | None:
    """By which the request is known again. Its payload is all that says what is asked for: as JSON, not as bytes.

    `If-None-Match` was not looked at once, and is left out where it is missing: an earlier version's keys still hold.
    """
    key = _only(request, IDEMPOTENCY_KEY)
    if key is None:
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidHeader(
            IDEMPOTENCY_KEY, f"1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} printable ASCII characters without spaces"
        )
    if_match, if_none_match = _joined(request, IF_MATCH), _joined(request, IF_NONE_MATCH)
    asked = (_canonical(await request.body()), sorted(request.query_params.multi_items()), if_match)
    return idempotency_key_of(
        organization_id=organization_id,
        method=request.method,
        path=request.url.path.lower(),
        key=key,
        payload=msgspec.json.encode(asked if if_none_match is None else (*asked, if_none_match)),
    )


def _canonical(body: bytes) -> str:
    """One text for all ways to write the same JSON."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted").decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode(errors="replace")  # It will be refused for that.


def _preconditions(request: AnyRequest) -> Preconditions:
    """What `If-Match` and `If-None-Match` say. Those of dates do not count (RFC 9110, 13.1.3 and 13.1.4)."""
    if_match, if_none_match = _tags(request, IF_MATCH), _tags(request, IF_NONE_MATCH)
    return UNCONDITIONAL if if_match is if_none_match is None else Preconditions(if_match, if_none_match)


def _tags(request: AnyRequest, name: str) -> tuple[str, ...] | None:
    text = _joined(request, name)
    try:
        return None if text is None else tags_in(text)
    except InvalidTags:
        expected = 'an ETag in double quotes such as "3f2a", several with commas between, or *'
        raise InvalidHeader(name, expected) from None


def _joined(request: AnyRequest, name: str) -> str | None:
    """A list that may come on several lines; None where there is none (RFC 9110, 5.3)."""
    lines = request.headers.getall(name, [])
    return ", ".join(lines) if lines else None


def _only(request: AnyRequest, name: str) -> str | None:
    values = request.headers.getall(name, [])
    if len(values) > 1:
        raise InvalidHeader(name, "to be given once")
    return values[0] if values else None
