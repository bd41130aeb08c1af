"""Errors to responses: the one table that knows the status of each error."""

from typing import Any, assert_never, cast

from litestar import HttpMethod
from litestar.types import ExceptionHandlersMap

from core.api_keys import ApiKeyExpired, Forbidden, ScopeMissing, Unauthenticated
from core.commands import (
    ApiKeyIssuedBefore,
    ApiKeyNotFound,
    EventTooLarge,
    FieldRefused,
    IdempotencyKeyReused,
    TargetUrlTaken,
    TooManyApiKeys,
    TooManyIdempotencyKeys,
    TooManyWebhooks,
    TriggerNotFound,
    WebhookNotFound,
)
from core.fields import InvalidField
from core.preconditions import PreconditionFailed, Unmet
from service.http.authentication.identification import NotTheAdministrator
from service.http.content_encoding import IDENTITY, EncodedBody
from service.http.encoded_response import EncodedResponse, ErrorResponses
from service.http.envelope import LATE, ConsistencyMeta, Empty, Meta, failure
from service.http.headers import (
    API_KEY,
    AUTHORIZATION,
    CONTENT_ENCODING,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    TOKEN,
    AnyRequest,
    InvalidHeader,
)
from service.http.json_body import InvalidBody
from service.http.litestar_problems import OF_LITESTAR
from service.http.response_headers import showing
from service.request.errors import (
    ListTooLarge,
    NotSeenInTime,
    NotYetTheirTurn,
    OperationExpired,
    RegionUnavailable,
    TimedOut,
    TooManyInFlight,
    WriteLost,
)
from service.request.scope import expired
from service.request.shown import Refused


def _bad_request(_: AnyRequest, error: Exception) -> EncodedResponse[Empty]:
    return failure(400, str(error))


def _invalid_body(_: AnyRequest, error: InvalidBody) -> EncodedResponse[Empty]:
    return failure(400, f"body: {error}")


def _encoded_body(_: AnyRequest, __: EncodedBody) -> EncodedResponse[Empty]:
    message = f"header {CONTENT_ENCODING}: expected {IDENTITY} or none; send the body as it is"
    return failure(415, message, headers={"Accept-Encoding": IDENTITY})


def _webhook_not_found(_: AnyRequest, error: WebhookNotFound) -> EncodedResponse[Empty]:
    return failure(404, f"webhook not found: {error.webhook_id[:80]}")


def _target_url_taken(_: AnyRequest, error: TargetUrlTaken) -> EncodedResponse[Empty]:
    return failure(
        409, f"target_url: another webhook of this organization already uses {error.target_url} or an equivalent URL"
    )


def _trigger_not_found(_: AnyRequest, error: TriggerNotFound) -> EncodedResponse[Empty]:
    trigger = error.trigger
    return failure(404, f"trigger not found: {trigger.trigger_type} {trigger.trigger_name} does not call this webhook")


def _too_many_webhooks(_: AnyRequest, error: TooManyWebhooks) -> EncodedResponse[Empty]:
    return failure(422, f"this organization already has its maximum of {error.webhooks_max} webhooks")


def _precondition_failed(request: AnyRequest, error: PreconditionFailed) -> EncodedResponse[Any]:
    if error.unmet is Unmet.MATCHED and request.method == HttpMethod.GET:
        return EncodedResponse(None, status_code=304, headers={} if error.etag is None else {"ETag": f'"{error.etag}"'})
    return failure(412, _unmet(error))


def _unmet(error: PreconditionFailed) -> str:
    what = f"webhook {error.webhook_id}" if error.webhook_id else "the resource of this route"
    match error.unmet:
        case Unmet.CHANGED:
            return f"header {IF_MATCH}: {what} is in another state than the header names; read it again"
        case Unmet.WEAKENED:
            return (
                f'header {IF_MATCH}: W/"{error.etag}" is the current state of {what} as a weak tag, which matches '
                "nothing here. A proxy or client has weakened the ETag, often by compressing the response;"
                " send it without W/"
            )
        case Unmet.UNTAGGED:
            return f"header {IF_MATCH}: {what} has no ETag, so no tag matches; send * or no {IF_MATCH}"
        case Unmet.MATCHED:
            return f"header {IF_NONE_MATCH}: {what} is in a state that the header names; nothing was done"
        case _:
            assert_never(error.unmet)


def _unauthenticated(request: AnyRequest, error: Unauthenticated) -> EncodedResponse[Empty]:
    """The message does not say what is wrong with a key: no caller may learn whether a key with its id exists."""
    if isinstance(error, ApiKeyExpired):
        expired(request.scope)
    return _challenged(f"{API_KEY}: expected a valid API key of the organization", f'ApiKey header="{API_KEY}"')


def _not_the_administrator(_: AnyRequest, __: NotTheAdministrator) -> EncodedResponse[Empty]:
    return _challenged(f"{AUTHORIZATION}: expected Bearer and the admin key", "Bearer")


def _challenged(header: str, challenge: str) -> EncodedResponse[Empty]:
    return failure(401, f"header {header}", headers={"WWW-Authenticate": challenge})


def _forbidden(_: AnyRequest, __: Forbidden) -> EncodedResponse[Empty]:
    return failure(403, f"header {API_KEY}: the key belongs to another organization")


def _scope_missing(_: AnyRequest, error: ScopeMissing) -> EncodedResponse[Empty]:
    return failure(403, f"header {API_KEY}: this request needs the scope {error.scope}, which key {error.key_id} lacks")


def _api_key_not_found(_: AnyRequest, error: ApiKeyNotFound) -> EncodedResponse[Empty]:
    return failure(404, f"API key not found: {error.key_id[:80]}")


def _too_many_api_keys(_: AnyRequest, error: TooManyApiKeys) -> EncodedResponse[Empty]:
    return failure(422, f"this organization already has its maximum of {error.api_keys_max} API keys; revoke one first")


def _api_key_issued_before(_: AnyRequest, error: ApiKeyIssuedBefore) -> EncodedResponse[Empty]:
    message = (
        f"this {IDEMPOTENCY_KEY} has issued API key {error.key_id}, and only the first response had its text. If the "
        f"text is lost, revoke it with DELETE /admin/organizations/{error.organization_id}/keys/{error.key_id} and "
        f"issue another with a new {IDEMPOTENCY_KEY}"
    )
    return failure(409, message)


def _event_too_large(_: AnyRequest, error: EventTooLarge) -> EncodedResponse[Empty]:
    return failure(413, f"body: the event is too large for this region's log: {error.why}")


def _idempotency_key_reused(_: AnyRequest, __: IdempotencyKeyReused) -> EncodedResponse[Empty]:
    return failure(
        422, f"header {IDEMPOTENCY_KEY}: this key was used with another payload; use a new key for a new request"
    )


def _too_many_idempotency_keys(_: AnyRequest, error: TooManyIdempotencyKeys) -> EncodedResponse[Empty]:
    message = (
        f"{error.idempotency_keys_max} values of {IDEMPOTENCY_KEY} were used for this organization in 24 hours, "
        "its maximum; nothing was done, try again later or without one"
    )
    return failure(503, message, headers={"Retry-After": "60"})


def _too_many_waiting(_: AnyRequest, error: TooManyInFlight) -> EncodedResponse[Empty]:
    message = (
        f"{error.requests_max} requests of this organization are in flight, its maximum; nothing was done, try again"
    )
    return failure(429, message, headers={"Retry-After": "1"})


def _list_too_large(_: AnyRequest, error: ListTooLarge) -> EncodedResponse[Empty]:
    message = f"this list has more than {error.bytes_max // 2**20} MiB; read it in parts, with limit and offset"
    return failure(413, message)


def _not_yet_their_turn(_: AnyRequest, __: NotYetTheirTurn) -> EncodedResponse[Empty]:
    message = "this organization already reads another whole list; use limit, or try again when that list is sent"
    return failure(429, message, headers={"Retry-After": "1"})


def _not_seen_in_time(_: AnyRequest, error: NotSeenInTime) -> EncodedResponse[Empty]:
    missing = ", ".join(error.missing)
    message = f"{TOKEN}: this region did not catch up with {missing} within {error.timeout_seconds} s"
    return failure(408, message, headers=LATE)


def _write_lost(_: AnyRequest, error: WriteLost) -> EncodedResponse[Empty]:
    return failure(
        410,
        f"{TOKEN}: this write was lost when {error.origin} was restored to an earlier state; read without the token",
    )


def _operation_expired(_: AnyRequest, error: OperationExpired) -> EncodedResponse[Empty]:
    return failure(410, f"operation {error.operation_id} is older than {error.hours} hours")


def _region_unavailable(_: AnyRequest, error: RegionUnavailable) -> EncodedResponse[Empty]:
    return failure(503, f"{error}; nothing was done, try again", headers={"Retry-After": "1"})


def _timed_out(_: AnyRequest, error: TimedOut) -> EncodedResponse[Empty]:
    consistency = ConsistencyMeta(
        required=error.wait.level,
        timeout_seconds=error.wait.timeout_seconds,
        state="committed" if error.is_committed else "unknown",
        acknowledged=list(error.acknowledged),
        pending=list(error.pending),
    )
    if error.doubt:
        known = f"it may be lost, an operator must look at this region's log ({error.doubt})"
    elif error.is_committed:
        known = "it is committed and will reach every region"
    else:
        known = "the log did not answer, so it may still be committed"
    message = (
        f"{error.wait.level} was not reached within {error.wait.timeout_seconds} s: "
        f"waiting for {', '.join(error.pending)}; {known}"
    )
    headers = {**LATE, "Location": f"/operations/{error.operation_id}"} if error.operation_id else LATE
    return failure(408, message, meta=Meta(consistency=consistency), headers=headers)


def _response_to(request: AnyRequest, error: Exception) -> EncodedResponse[Any]:
    return next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)(request, error)


def _refused(request: AnyRequest, refused: Refused) -> EncodedResponse[Any]:
    """The response to the reason of a refusal, with the token and the operation that the use case had come to."""
    response = _response_to(request, refused.why)
    return response if refused.shown is None else showing(refused.shown, request.scope, response)


_TABLE: ErrorResponses = {
    **OF_LITESTAR,
    InvalidField: _bad_request,
    FieldRefused: _bad_request,
    InvalidHeader: _bad_request,
    InvalidBody: _invalid_body,
    EncodedBody: _encoded_body,
    WebhookNotFound: _webhook_not_found,
    TargetUrlTaken: _target_url_taken,
    TriggerNotFound: _trigger_not_found,
    TooManyWebhooks: _too_many_webhooks,
    PreconditionFailed: _precondition_failed,
    Unauthenticated: _unauthenticated,
    NotTheAdministrator: _not_the_administrator,
    Forbidden: _forbidden,
    ScopeMissing: _scope_missing,
    ApiKeyNotFound: _api_key_not_found,
    TooManyApiKeys: _too_many_api_keys,
    ApiKeyIssuedBefore: _api_key_issued_before,
    EventTooLarge: _event_too_large,
    IdempotencyKeyReused: _idempotency_key_reused,
    TooManyIdempotencyKeys: _too_many_idempotency_keys,
    TooManyInFlight: _too_many_waiting,
    ListTooLarge: _list_too_large,
    NotYetTheirTurn: _not_yet_their_turn,
    NotSeenInTime: _not_seen_in_time,
    WriteLost: _write_lost,
    OperationExpired: _operation_expired,
    RegionUnavailable: _region_unavailable,
    TimedOut: _timed_out,
    Refused: _refused,
}

EXCEPTION_HANDLERS: ExceptionHandlersMap = cast("ExceptionHandlersMap", _TABLE)


def response_to(request: AnyRequest, error: Exception) -> EncodedResponse[Any]:
    """The response to an `error` that no route raised."""
    return _response_to(request, error)
