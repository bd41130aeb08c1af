"""API keys, for the administrator: issue, list, revoke. An organization's secret is shown once and not kept."""

import secrets
from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta

from core.api_keys import NAME_CHARACTERS_MAX, SECRET_BYTES, ApiKey, api_key_in, api_key_text, digest_of
from core.commands import ApiKeyNotFound, IssueApiKey, RevokeApiKey
from core.fields import InvalidField
from service.http.encoded_response import EncodedResponse
from service.http.envelope import Envelope, Moment, listed, rfc3339
from service.http.headers import AnyRequest
from service.http.identifiers import new_identifier, uuid_in
from service.http.parameter import takes
from service.http.parameters import KEY_ID, LIMIT, OFFSET
from service.http.query_parameters import page
from service.routes.calls import calls_of, with_body

KEYS = "/admin/organizations/{organization_id:str}/keys"


KeyName = Annotated[
    str, Meta(description="Whose key it is, for people.", extra_json_schema={"maxLength": NAME_CHARACTERS_MAX})
]


class ApiKeyBody(msgspec.Struct, frozen=True):
    """The body that issues a key: a name by which people know it."""

    name: KeyName | None = None


class ApiKeyView(msgspec.Struct, frozen=True):
    """A key as lists have it."""

    id: Annotated[str, Meta(description="A UUIDv7.", extra_json_schema={"format": "uuid"})]
    name: KeyName
    created_at: Moment


class IssuedApiKeyView(ApiKeyView, frozen=True):
    """A new key, with its text. No other response has the text."""

    key: Annotated[str, Meta(description="The value for `SlashID-API-Key`. No other response shows it.")]


@post(
    KEYS,
    summary="Issue an API key",
    description=(
        "Issue a key to an organization. This response has the key's text, which the service does not keep. A repeat "
        "with the same `Idempotency-Key` issues no second key. It waits as *it* requires, and returns 409."
    ),
)
async def issue_api_key(request: AnyRequest) -> EncodedResponse[Envelope[IssuedApiKeyView]]:
    """Issue an API key for an organization."""
    write, body = with_body(calls_of(request).admin_write, request, ApiKeyBody)
    secret, key_id = secrets.token_bytes(SECRET_BYTES), new_identifier()
    command = IssueApiKey(
        organization_id=write.caller.organization_id,
        key_id=key_id,
        digest=digest_of(secret),
        name=_name(body.name or ""),
        api_keys_max=write.limits.api_keys_max,
    )
    written = await write.carry_out(command)
    issued = view_of(api_key_in(key_id, written.value.fields))
    view = IssuedApiKeyView(issued.id, issued.name, issued.created_at, key=api_key_text(key_id, secret))
    return write.respond(Envelope(view), written.shown)


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
async def revoke_api_key(key_id: FromPath[str], request: AnyRequest) -> EncodedResponse[None]:
    """Revoke an API key permanently."""
    write = calls_of(request).admin_write(request)
    found = uuid_in(key_id)
    if found is None:
        raise ApiKeyNotFound(key_id)
    written = await write.carry_out(RevokeApiKey(write.caller.organization_id, found))
    return write.respond(None, written.shown)


def view_of(api_key: ApiKey) -> ApiKeyView:
    """A key as lists have it."""
    return ApiKeyView(id=api_key.key_id, name=api_key.name, created_at=rfc3339(api_key.created_at_milliseconds))


def _name(text: str) -> str:
    if len(text) > NAME_CHARACTERS_MAX:
        raise InvalidField("name", f"expected at most {NAME_CHARACTERS_MAX} characters")
    return text


API_KEY_ROUTES: tuple[HTTPRouteHandler, ...] = (issue_api_key, list_api_keys, revoke_api_key)
