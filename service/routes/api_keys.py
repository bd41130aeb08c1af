"""API keys, for the administrator: issue, list, revoke. An organization's secret is shown once and not kept."""

import secrets

from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from core.api_keys import SECRET_BYTES, api_key_in, api_key_text, digest_of
from core.commands import ApiKeyNotFound, IssueApiKey, RevokeApiKey
from service.http.encoded_response import EncodedResponse
from service.http.envelope import Envelope, listed
from service.http.headers import AnyRequest
from service.http.identifiers import new_identifier, uuid_in
from service.http.later_response import LaterResponse
from service.http.parameter import takes
from service.http.parameters import KEY_ID, LIMIT, OFFSET
from service.http.query_parameters import page
from service.request.shown import Result
from service.routes.api_key_shapes import (
    ApiKeyBody,
    ApiKeyView,
    IssuedApiKeyView,
    expiry_in,
    issued_view_of,
    name_in,
    scopes_in,
    view_of,
)
from service.routes.calls import calls_of, with_body
from service.writes.command_handler import Written

KEYS = "/admin/organizations/{organization_id:str}/keys"


@post(
    KEYS,
    summary="Issue an API key",
    description=(
        "Issue a key to an organization. This response has the key's text, which the service does not keep. A repeat "
        "with the same `Idempotency-Key` issues no second key. It waits as *it* requires, and returns 409. A key with "
        "`scopes` or `expires_at` returns 503 until every process of every region reads such keys."
    ),
)
async def issue_api_key(request: AnyRequest) -> LaterResponse[Envelope[IssuedApiKeyView]]:
    """Issue an API key for an organization."""
    write, body = with_body(calls_of(request).admin_write, request, ApiKeyBody)
    secret, key_id = secrets.token_bytes(SECRET_BYTES), new_identifier()
    command = IssueApiKey(
        organization_id=write.caller.organization_id,
        key_id=key_id,
        digest=digest_of(secret),
        name=name_in(body.name),
        api_keys_max=write.limits.api_keys_max,
        scopes=scopes_in(body.scopes),
        expires_at_milliseconds=expiry_in(body.expires_at, now_milliseconds=write.now_milliseconds),
    )

    def described(written: Result[Written]) -> EncodedResponse[Envelope[IssuedApiKeyView]]:
        issued = issued_view_of(api_key_in(key_id, written.value.fields), api_key_text(key_id, secret))
        return write.respond(Envelope(issued), written.shown)

    return write.carry_out(command, described)


@get(
    KEYS,
    summary="List API keys",
    description="An organization's keys, in the order of their issue, without their texts.",
    opt=takes(LIMIT, OFFSET),
)
async def list_api_keys(request: AnyRequest) -> EncodedResponse[Envelope[list[ApiKeyView]]]:
    """List an organization's API keys in the order of their issue."""
    read = calls_of(request).admin_read(request)
    found = await read.use_cases.reading.api_keys(read.request, page(request))
    return read.respond(listed(found.value, view_of), found.shown)


@delete(
    f"{KEYS}/{{key_id:str}}",
    summary="Revoke an API key",
    description=(
        "Revoke a key: no request with it is accepted any more. A repeated revocation succeeds too, once the "
        "revocation holds as consistently as *this* request requires."
    ),
    opt=takes(KEY_ID),
)
async def revoke_api_key(key_id: FromPath[str], request: AnyRequest) -> LaterResponse[None]:
    """Revoke an API key permanently."""
    write = calls_of(request).admin_write(request)
    found = uuid_in(key_id)
    if found is None:
        raise ApiKeyNotFound(key_id)
    command = RevokeApiKey(write.caller.organization_id, found)
    return write.carry_out(command, lambda written: write.respond(None, written.shown))


API_KEY_ROUTES: tuple[HTTPRouteHandler, ...] = (issue_api_key, list_api_keys, revoke_api_key)
