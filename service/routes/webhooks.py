"""Webhooks: register, list, read."""

import msgspec
from litestar import get, post

from core import durations, fields
from core.registry import CreateWebhook, Webhook, WebhookNotFound
from service.answers import Answer, Meta, Pagination
from service.headers import uuid_in
from service.identifiers import new_identifier
from service.reading import Reading
from service.writing import Wait, Writing


class WebhookBody(msgspec.Struct, frozen=True):
    """What a webhook is registered with."""

    name: str
    target_url: str
    description: str = ""
    custom_headers: dict[str, list[str]] = msgspec.field(default_factory=dict)
    timeout: str = "0s"


class WebhookView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A webhook as it is answered. `custom_headers` is left out where there are none."""

    id: str
    name: str
    target_url: str
    description: str
    timeout: str
    custom_headers: dict[str, list[str]] = msgspec.field(default_factory=dict)


@post("/organizations/webhooks")
async def create_webhook(organization_id: str, wait: Wait, data: WebhookBody, writing: Writing) -> Answer[WebhookView]:
    """Register a webhook."""
    command = command_of(organization_id, data)
    await writing.write(command, wait)
    return Answer(view_of(command))


@get("/organizations/webhooks")
async def list_webhooks(organization_id: str, reading: Reading) -> Answer[list[WebhookView]]:
    """List an organization's webhooks in creation order."""
    webhooks = [view_of(webhook) for webhook in await reading.webhooks(organization_id)]
    return Answer(webhooks, Meta(pagination=Pagination(limit=len(webhooks), total_count=len(webhooks))))


@get("/organizations/webhooks/{webhook_id:str}")
async def read_webhook(organization_id: str, webhook_id: str, reading: Reading) -> Answer[WebhookView]:
    """Read one webhook."""
    return Answer(view_of(await reading.webhook(organization_id, known_form(webhook_id))))


def command_of(organization_id: str, body: WebhookBody) -> CreateWebhook:
    """The command that a body makes, under a new id. Raises `InvalidField`."""
    return CreateWebhook(
        organization_id=organization_id,
        webhook_id=new_identifier(),
        name=fields.name(body.name),
        target_url=fields.target_url(body.target_url),
        description=body.description,
        custom_headers=fields.custom_headers(body.custom_headers),
        timeout_nanoseconds=fields.timeout(body.timeout),
    )


def view_of(webhook: Webhook | CreateWebhook) -> WebhookView:
    """A webhook as it is answered."""
    return WebhookView(
        id=webhook.webhook_id,
        name=webhook.name,
        target_url=webhook.target_url,
        description=webhook.description,
        timeout=durations.render(webhook.timeout_nanoseconds),
        custom_headers=webhook.custom_headers,
    )


def known_form(webhook_id: str) -> str:
    """An id as it is kept. One that is no UUID is nobody's: `WebhookNotFound`."""
    found = uuid_in(webhook_id)
    if found is None:
        raise WebhookNotFound(webhook_id)
    return found
