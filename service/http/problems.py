"""Errors to answers: the one table that knows what status an error has."""

from typing import Any, assert_never

from litestar import HttpMethod, Response
from litestar.types import ExceptionHandlersMap

from core.api_keys import Forbidden, Unauthenticated
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
from service.http.content_encoding import IDENTITY, EncodedBody
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
    NotTheAdministrator,
)
from service.http.litestar_problems import OF_LITESTAR
from service.request.context import caller_of
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


def _bad_request(_: AnyRequest, error: Exception) -> Response[Empty]:
    return failure(400, str(error))


def _encoded_body(_: AnyRequest, __: EncodedBody) -> Response[Empty]:
    message = f"header {CONTENT_ENCODING}: expected {IDENTITY} or none; send the body as it is"
    return failure(415, message, headers={"Accept-Encoding": IDENTITY})


def _webhook_not_found(_: AnyRequest, error: WebhookNotFound) -> Response[Empty]:
    return failure(404, f"webhook not found: {error.webhook_id[:80]}")


def _target_url_taken(_: AnyRequest, error: TargetUrlTaken) -> Response[Empty]:
    return failure(409, f"target_url: another webhook of this organization has {error.target_url}, or an equivalent")


def _trigger_not_found(_: AnyRequest, error: TriggerNotFound) -> Response[Empty]:
    trigger = error.trigger
    return failure(404, f"trigger not found: {trigger.trigger_type} {trigger.trigger_name} does not call this webhook")


def _too_many_webhooks(_: AnyRequest, error: TooManyWebhooks) -> Response[Empty]:
    return failure(422, f"this organization has {error.webhooks_max} webhooks, as many as it can have")


def _precondition_failed(request: AnyRequest, error: PreconditionFailed) -> Response[Any]:
    if error.unmet is Unmet.MATCHED and request.method == HttpMethod.GET:
        return Response(None, status_code=304, headers={} if error.etag is None else {"ETag": f'"{error.etag}"'})
    return failure(412, _unmet(error))


def _unmet(error: PreconditionFailed) -> str:
    what = f"webhook {error.webhook_id}" if error.webhook_id else "what this route names"
    match error.unmet:
        case Unmet.CHANGED:
            return f"header {IF_MATCH}: {what} is not in a state that it names any more; read it again"
        case Unmet.WEAKENED:
            return (
                f'header {IF_MATCH}: it names the state of {what} by a weak tag, W/"{error.etag}", and weak tags match '
                "nothing here; a proxy or client on the way has weakened the ETag, often by compressing the answer: "
                "send it without W/"
            )
        case Unmet.UNTAGGED:
            return f"header {IF_MATCH}: {what} has no ETag, so that none can match; send * or no {IF_MATCH}"
        case Unmet.MATCHED:
            return f"header {IF_NONE_MATCH}: {what} is there, in a state that the header names; nothing was done"
        case _:
            assert_never(error.unmet)


def _unauthenticated(_: AnyRequest, __: Unauthenticated) -> Response[Empty]:
    """What is wrong with a key is not told: a caller may not learn whether there is one with its id."""
    return _challenged(f"{API_KEY}: expected a valid API key of the organization", f'ApiKey header="{API_KEY}"')


def _not_the_administrator(_: AnyRequest, __: NotTheAdministrator) -> Response[Empty]:
    return _challenged(f"{AUTHORIZATION}: expected Bearer and the admin key", "Bearer")


def _challenged(header: str, challenge: str) -> Response[Empty]:
    return failure(401, f"header {header}", headers={"WWW-Authenticate": challenge})


def _forbidden(_: AnyRequest, __: Forbidden) -> Response[Empty]:
    return failure(403, f"header {API_KEY}: the key is not one of this organization")


def _api_key_not_found(_: AnyRequest, error: ApiKeyNotFound) -> Response[Empty]:
    return failure(404, f"API key not found: {error.key_id[:80]}")


def _too_many_api_keys(_: AnyRequest, error: TooManyApiKeys) -> Response[Empty]:
    return failure(422, f"this organization has {error.api_keys_max} API keys, as many as it can have; revoke one")


def _api_key_issued_before(_: AnyRequest, error: ApiKeyIssuedBefore) -> Response[Empty]:
    message = (
        f"this {IDEMPOTENCY_KEY} has issued API key {error.key_id}; its text was in the first answer and is not kept. "
        f"If that is lost, revoke it with DELETE /admin/organizations/{error.organization_id}/keys/{error.key_id} and "
        f"issue another with a new {IDEMPOTENCY_KEY}"
    )
    return failure(409, message)


def _event_too_large(_: AnyRequest, error: EventTooLarge) -> Response[Empty]:
    return failure(413, f"body: this region's log cannot take it: {error.why}")


def _idempotency_key_reused(_: AnyRequest, __: IdempotencyKeyReused) -> Response[Empty]:
    return failure(
        422, f"header {IDEMPOTENCY_KEY}: this key was used with another payload; use a new key for a new request"
    )


def _too_many_idempotency_keys(_: AnyRequest, error: TooManyIdempotencyKeys) -> Response[Empty]:
    message = (
        f"{error.idempotency_keys_max} values of {IDEMPOTENCY_KEY} were used for this organization in 24 hours, "
        "as many as are kept; nothing was done, try again later or without one"
    )
    return failure(503, message, headers={"Retry-After": "60"})


def _too_many_waiting(_: AnyRequest, error: TooManyInFlight) -> Response[Empty]:
    message = f"{error.requests_max} requests of this organization are under way; nothing was done, try again"
    return failure(429, message, headers={"Retry-After": "1"})


def _list_too_large(_: AnyRequest, error: ListTooLarge) -> Response[Empty]:
    message = f"this list has more than {error.bytes_max // 2**20} MiB; ask for parts of it, with limit and offset"
    return failure(413, message)


def _not_yet_their_turn(_: AnyRequest, __: NotYetTheirTurn) -> Response[Empty]:
    message = (
        "another whole list of this organization is being read or sent; ask for a part of it with limit, or try again"
    )
    return failure(429, message, headers={"Retry-After": "1"})


def _not_seen_in_time(_: AnyRequest, error: NotSeenInTime) -> Response[Empty]:
    missing = ", ".join(error.missing)
    message = f"{TOKEN}: within {error.timeout_seconds} s this region had not all that it names of {missing}"
    return failure(408, message, headers=LATE)


def _write_lost(_: AnyRequest, error: WriteLost) -> Response[Empty]:
    return failure(
        410, f"{TOKEN}: this write was lost: {error.origin} was restored from before it; read without the token"
    )


def _operation_expired(_: AnyRequest, error: OperationExpired) -> Response[Empty]:
    return failure(410, f"operation {error.operation_id} is older than {error.hours} hours")


def _region_unavailable(_: AnyRequest, error: RegionUnavailable) -> Response[Empty]:
    return failure(503, f"{error}; nothing was done, try again", headers={"Retry-After": "1"})


def _timed_out(request: AnyRequest, error: TimedOut) -> Response[Empty]:
    consistency = ConsistencyMeta(
        required=error.wait.level,
        timeout_seconds=error.wait.timeout_seconds,
        state="committed" if error.is_committed else "unknown",
        acknowledged=list(error.acknowledged),
        pending=list(error.pending),
    )
    if error.doubt:
        known = f"an operator must look at this region's log ({error.doubt}), it may be lost"
    elif error.is_committed:
        known = "it is in the log and goes on to every region"
    else:
        known = "the log did not answer, it may still land"
    message = (
        f"{error.wait.level} was not reached within {error.wait.timeout_seconds} s: "
        f"waiting for {', '.join(error.pending)}; {known}"
    )
    headers = dict(LATE)
    caller = caller_of(request.scope)
    # The administrator has no key with which an organization's operation could be read.
    if caller is not None and caller.credentials is not None:
        headers["Location"] = f"/operations/{caller.exchange.operation_id}"
    return failure(408, message, meta=Meta(consistency=consistency), headers=headers)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    **OF_LITESTAR,
    InvalidField: _bad_request,
    FieldRefused: _bad_request,
    InvalidHeader: _bad_request,
    EncodedBody: _encoded_body,
    WebhookNotFound: _webhook_not_found,
    TargetUrlTaken: _target_url_taken,
    TriggerNotFound: _trigger_not_found,
    TooManyWebhooks: _too_many_webhooks,
    PreconditionFailed: _precondition_failed,
    Unauthenticated: _unauthenticated,
    NotTheAdministrator: _not_the_administrator,
    Forbidden: _forbidden,
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
}


def answer_to(
    request: AnyRequest, error: Unauthenticated | Forbidden | TooManyInFlight | RegionUnavailable
) -> Response[Empty]:
    """What `error` is answered with where no route raised it."""
    return EXCEPTION_HANDLERS[type(error)](request, error)
