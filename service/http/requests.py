"""A request for a write or a read, from its headers."""

import msgspec

from core.consistency import Level
from core.events import IdempotencyKey
from core.idempotency import idempotency_key_of
from core.preconditions import UNCONDITIONAL, Preconditions
from service.http import parameters
from service.http.headers import AnyRequest, text_of, value_of
from service.http.received import arrival_of, body_in
from service.request.context import Identified, ReadRequest, Wait, WriteRequest
from service.request.scope import requires


def write_request(request: AnyRequest, by: Identified) -> WriteRequest:
    """A write by an identified caller. Raises `InvalidHeader`."""
    return WriteRequest(
        caller=by.caller,
        timing=by.timing,
        held=by.held,
        scope=by.scope,
        asked=value_of(request, parameters.TOKEN),
        wait=_wait(request),
        idempotency_key=_idempotency_key(request, by.caller.organization_id),
        preconditions=_preconditions(request),
    )


def read_request(request: AnyRequest, by: Identified) -> ReadRequest:
    """A read by an identified caller. Raises `InvalidHeader`."""
    asked = value_of(request, parameters.TOKEN)
    seconds = value_of(request, parameters.TIMEOUT)
    return ReadRequest(
        caller=by.caller,
        timing=by.timing,
        held=by.held,
        scope=by.scope,
        asked=asked,
        timeout_seconds=seconds,
        deadline=arrival_of(request.scope) + seconds,
        preconditions=_preconditions(request),
    )


def _wait(request: AnyRequest) -> Wait:
    level: Level = value_of(request, parameters.CONSISTENCY)
    requires(request.scope, level)  # A write whose timeout is refused is counted under its level too.
    seconds = value_of(request, parameters.TIMEOUT)
    return Wait(level=level, timeout_seconds=seconds, deadline=arrival_of(request.scope) + seconds)


def _idempotency_key(request: AnyRequest, organization_id: str) -> IdempotencyKey | None:
    """By which the request is known again. Its payload is all that says what is asked for: as JSON, not as bytes.

    `If-None-Match` was not looked at once, and is left out where it is missing: an earlier version's keys still hold.
    """
    key = value_of(request, parameters.IDEMPOTENCY_KEY)
    if key is None:
        return None
    if_match, if_none_match = (
        text_of(request, parameter) for parameter in (parameters.IF_MATCH, parameters.IF_NONE_MATCH)
    )
    asked = (_canonical(body_in(request.scope)), sorted(request.query_params.multi_items()), if_match)
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
