"""Webhooks: register, list, read, change, delete."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec
from litestar import delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from core import fields
from core.commands import CreateWebhook, DeleteWebhook, UpdateWebhook, WebhookNotFound
from core.fields import InvalidField, NoLongerTaken
from core.webhooks import Webhook, webhook_in
from service.http.encoded_response import EncodedResponse
from service.http.envelope import Envelope, listed
from service.http.headers import AnyRequest
from service.http.identifiers import new_identifier, uuid_in
from service.http.later_response import LaterResponse
from service.http.parameter import takes
from service.http.parameters import (
    IF_MATCH,
    IF_NONE_MATCH,
    LIMIT,
    OFFSET,
    WANTED_TARGET_URL,
    WANTED_TRIGGER_NAME,
    WANTED_TRIGGER_TYPE,
    WEBHOOK_ID,
)
from service.http.query_parameters import page, wanted_webhooks
from service.request.limits import Limits
from service.request.shown import Refused, Result, Shown
from service.routes.calls import Read, Write, calls_of, with_body
from service.routes.webhook_shapes import CustomHeaders, WebhookBody, WebhookChanges, WebhookView, view_of
from service.writes.command_handler import Written

WEBHOOKS = "/organizations/webhooks"
WEBHOOK = f"{WEBHOOKS}/{{webhook_id:str}}"

V = TypeVar("V")


@post(
    WEBHOOKS,
    summary="Create a webhook",
    description="Register a webhook. It is called once it has triggers.",
)
async def create_webhook(request: AnyRequest) -> LaterResponse[Envelope[WebhookView]]:
    """Register a webhook."""
    write, body = with_body(calls_of(request).write, request, WebhookBody)
    command = creation(write.caller.organization_id, body, write.limits)
    return write.carry_out(command, partial(described, write))


@get(
    WEBHOOKS,
    summary="List webhooks",
    description=(
        "The organization's webhooks, in creation order. Without `limit`, the list is whole, up to 16 MiB. The service "
        "reads a whole list in pieces. Each webhook that exists from the first piece to the last is in it once. The "
        "service makes one whole list at a time for an organization, and the next one waits."
    ),
    opt=takes(LIMIT, OFFSET, WANTED_TARGET_URL, WANTED_TRIGGER_TYPE, WANTED_TRIGGER_NAME),
)
async def list_webhooks(request: AnyRequest) -> EncodedResponse[Envelope[list[msgspec.Raw]]]:
    """List an organization's webhooks in creation order."""
    read = calls_of(request).read(request)
    listing = read.use_cases.listing
    found = await listing.webhooks(read.request, page(request), wanted_webhooks(request), _encoded)
    return read.respond(listed(found.value, lambda item: item), found.shown)


@get(
    WEBHOOK,
    summary="Read a webhook",
    description="One webhook, as this region has applied it.",
    opt=takes(WEBHOOK_ID, IF_NONE_MATCH),
)
async def read_webhook(webhook_id: FromPath[str], request: AnyRequest) -> EncodedResponse[Envelope[WebhookView]]:
    """Read one webhook."""
    read = calls_of(request).read(request)
    found = await read.use_cases.reading.webhook(read.request, known_form(webhook_id))
    return webhook_response(read, found.value, found.shown)


@patch(
    WEBHOOK,
    summary="Change a webhook",
    description=(
        "Change some of a webhook's fields. A field that is absent or null stays as it is. `custom_headers` replaces "
        "all headers. If several regions change different fields at once, every change stays."
    ),
    opt=takes(WEBHOOK_ID, IF_MATCH),
)
async def update_webhook(webhook_id: FromPath[str], request: AnyRequest) -> LaterResponse[Envelope[WebhookView]]:
    """Change some of a webhook's fields."""
    write, body = with_body(calls_of(request).write, request, WebhookChanges)
    command = change(write.caller.organization_id, known_form(webhook_id), body, write.limits)
    return write.carry_out(command, partial(described, write))


@delete(
    WEBHOOK,
    summary="Delete a webhook",
    description=(
        "Delete a webhook and its triggers. Its id is never used again. A repeated deletion rejoins the first one "
        "until that one holds as consistently as *this* request requires."
    ),
    opt=takes(WEBHOOK_ID, IF_MATCH),
)
async def delete_webhook(webhook_id: FromPath[str], request: AnyRequest) -> LaterResponse[None]:
    """Delete a webhook and its triggers."""
    write = calls_of(request).write(request)
    command = DeleteWebhook(write.caller.organization_id, known_form(webhook_id))
    return write.carry_out(command, lambda written: write.respond(None, written.shown))


def creation(organization_id: str, body: WebhookBody, limits: Limits) -> CreateWebhook:
    """The command that a body makes, under a new id. Raises `InvalidField`."""
    return CreateWebhook(
        organization_id=organization_id,
        webhook_id=new_identifier(),
        name=fields.name(body.name),
        target_url=fields.target_url(body.target_url),
        description=body.description or "",
        custom_headers=fields.custom_headers(_given(body.custom_headers) or {}, limits=limits.headers),
        timeout_nanoseconds=fields.timeout(body.timeout or "0s"),
        webhooks_max=limits.webhooks_max,
    )


def change(organization_id: str, webhook_id: str, body: WebhookChanges, limits: Limits) -> UpdateWebhook:
    """The command that a body makes. Raises `InvalidField`."""
    target_url, headers = body.target_url, _given(body.custom_headers)
    no_longer_taken = (
        *_no_longer_taken(fields.target_url, target_url),
        *_no_longer_taken(partial(fields.custom_headers, limits=limits.headers), headers),
    )
    return UpdateWebhook(
        organization_id=organization_id,
        webhook_id=webhook_id,
        name=None if body.name is None else fields.name(body.name),
        target_url=target_url,
        description=body.description,
        custom_headers=headers,
        timeout_nanoseconds=fields.timeout(body.timeout) if body.timeout else None,
        no_longer_taken=no_longer_taken,
    )


def _no_longer_taken(check: Callable[[V], object], value: V | None) -> list[NoLongerTaken]:
    """Why `value` cannot be given any more to a webhook that does not have it. Raises any other `InvalidField`."""
    try:
        if value is not None:
            check(value)
    except NoLongerTaken as error:
        return [error]
    return []


def _given(headers: CustomHeaders) -> dict[str, list[str]] | None:
    """What a body says of headers, None where that counts as absent. Raises `InvalidField`."""
    if isinstance(headers, dict):
        return headers
    if headers:
        raise InvalidField("custom_headers", "expected an object with a list of values for each name, got a list")
    return None


def described(write: Write, found: Result[Written]) -> EncodedResponse[Envelope[WebhookView]]:
    """The webhook that an accepted command leaves. Raises `Refused` if it leaves none."""
    webhook = webhook_in(found.value.about_id, found.value.fields)
    if webhook is None:
        raise Refused(WebhookNotFound(found.value.about_id), found.shown)
    return webhook_response(write, webhook, found.shown)


def webhook_response(call: Read | Write, webhook: Webhook, shown: Shown) -> EncodedResponse[Envelope[WebhookView]]:
    """One webhook, and its `ETag`."""
    return call.respond(Envelope(view_of(webhook)), shown, headers={"ETag": f'"{webhook.etag}"'})


def _encoded(webhook: Webhook) -> bytes:
    return msgspec.json.encode(view_of(webhook))


def known_form(webhook_id: str) -> str:
    """An id as it is kept. Raises `WebhookNotFound` for one that is no UUID."""
    found = uuid_in(webhook_id)
    if found is None:
        raise WebhookNotFound(webhook_id)
    return found


WEBHOOK_ROUTES: tuple[HTTPRouteHandler, ...] = (
    create_webhook,
    list_webhooks,
    read_webhook,
    update_webhook,
    delete_webhook,
)
