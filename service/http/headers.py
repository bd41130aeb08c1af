"""What requests say in headers, checked before anything else."""

import hmac
from typing import Any, TypeVar

import msgspec
from litestar import Request

from core.api_keys import Unauthenticated, credentials_in
from core.events import IdempotencyKey
from core.fields import InvalidField
from core.idempotency import idempotency_key_of
from core.preconditions import UNCONDITIONAL, Preconditions
from service.http import parameters
from service.http.admission import arrival_of
from service.http.identifiers import uuid_in
from service.http.parameter import Parameter, Place
from service.http.parameter_forms import Unexpected
from service.request.context import Caller, Exchange, ReadRequest, Wait, WriteRequest, remember

ORGANIZATION = parameters.ORGANIZATION.name
API_KEY = "SlashID-API-Key"
TOKEN = parameters.TOKEN.name
OPERATION = "SlashID-Operation-ID"
IDEMPOTENCY_KEY = parameters.IDEMPOTENCY_KEY.name
IF_MATCH = parameters.IF_MATCH.name
IF_NONE_MATCH = parameters.IF_NONE_MATCH.name
AUTHORIZATION = "Authorization"
CONTENT_ENCODING = "Content-Encoding"

AnyRequest = Request[Any, Any, Any]
T = TypeVar("T")


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
    """A caller that acts for an organization. Raises `Unauthenticated`, `InvalidHeader`."""
    credentials = credentials_in(_only(request, API_KEY) or "")
    return remember(request.scope, Caller(organization_in(request), credentials))


def organization_in(request: AnyRequest) -> str:
    """The organization that the request is about. Raises `InvalidHeader`."""
    return value_of(request, parameters.ORGANIZATION)


def _with_token(caller: Caller, request: AnyRequest) -> Caller:
    caller.exchange.asked = value_of(request, parameters.TOKEN)
    return caller


async def _write(request: AnyRequest, caller: Caller) -> WriteRequest:
    return WriteRequest(
        caller=caller,
        wait=_wait(request, caller),
        idempotency_key=await _idempotency_key(request, caller.organization_id),
        preconditions=_preconditions(request),
    )


def _wait(request: AnyRequest, caller: Caller) -> Wait:
    level = value_of(request, parameters.CONSISTENCY)
    caller.exchange.level = level
    seconds = value_of(request, parameters.TIMEOUT)
    return Wait(level=level, timeout_seconds=seconds, deadline=arrival_of(request.scope) + seconds)


def _read(request: AnyRequest, caller: Caller) -> ReadRequest:
    seconds = value_of(request, parameters.TIMEOUT)
    return ReadRequest(
        caller=caller,
        timeout_seconds=seconds,
        deadline=arrival_of(request.scope) + seconds,
        preconditions=_preconditions(request),
    )


async def _idempotency_key(request: AnyRequest, organization_id: str) -> IdempotencyKey | None:
    """By which the request is known again. Its payload is all that says what is asked for: as JSON, not as bytes.

    `If-None-Match` was not looked at once, and is left out where it is missing: an earlier version's keys still hold.
    """
    key = value_of(request, parameters.IDEMPOTENCY_KEY)
    if key is None:
        return None
    if_match, if_none_match = (
        text_of(request, parameter) for parameter in (parameters.IF_MATCH, parameters.IF_NONE_MATCH)
    )
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
    if_match, if_none_match = value_of(request, parameters.IF_MATCH), value_of(request, parameters.IF_NONE_MATCH)
    return UNCONDITIONAL if if_match is if_none_match is None else Preconditions(if_match, if_none_match)


def value_of(request: AnyRequest, parameter: Parameter[T]) -> T:
    """A parameter's value. Raises `InvalidHeader`, or `InvalidField` for one that is not in a header."""
    text = text_of(request, parameter)
    if text is None and not parameter.is_required:
        return parameter.default
    try:
        return parameter.form.parse(text or "")
    except Unexpected as error:
        raise _refusal(parameter, error.expected) from None


def text_of(request: AnyRequest, parameter: Parameter[Any]) -> str | None:
    """A parameter's text as it came, or None if it is absent. Raises as `value_of` if it came more than once."""
    found = request.query_params if parameter.place is Place.QUERY else request.headers
    texts = found.getall(parameter.name, [])
    if parameter.is_list:
        return ", ".join(texts) if texts else None  # RFC 9110, 5.3
    if len(texts) > 1:
        raise _refusal(parameter, "to be given once")
    return texts[0] if texts else None


def _refusal(parameter: Parameter[Any], expected: str) -> InvalidHeader | InvalidField:
    if parameter.place is Place.HEADER:
        return InvalidHeader(parameter.name, expected)
    return InvalidField(parameter.name, f"expected {expected}")


def _only(request: AnyRequest, name: str) -> str | None:
    values = request.headers.getall(name, [])
    if len(values) > 1:
        raise InvalidHeader(name, "to be given once")
    return values[0] if values else None
