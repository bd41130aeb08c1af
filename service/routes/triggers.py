"""Triggers: what calls a webhook."""

import msgspec
from litestar import get, post

from core import catalogue
from core.catalogue import Trigger
from core.registry import CreateTrigger
from service.answers import Answer, Empty, Meta, Pagination
from service.reading import Reading
from service.routes.webhooks import known_form
from service.writing import Wait, Writing


class TriggerBody(msgspec.Struct, frozen=True):
    """What calls the webhook: a type, and a name that belongs to it."""

    trigger_type: str
    trigger_name: str


@post("/organizations/webhooks/{webhook_id:str}/triggers")
async def create_trigger(
    organization_id: str, webhook_id: str, wait: Wait, data: TriggerBody, writing: Writing
) -> Empty:
    """Create a webhook trigger."""
    trigger = catalogue.trigger(data.trigger_type, data.trigger_name)
    await writing.write(CreateTrigger(organization_id, known_form(webhook_id), trigger), wait)
    return Empty()


@get("/organizations/webhooks/{webhook_id:str}/triggers")
async def list_triggers(organization_id: str, webhook_id: str, reading: Reading) -> Answer[list[Trigger]]:
    """List a webhook's triggers in creation order."""
    triggers = await reading.triggers(organization_id, known_form(webhook_id))
    return Answer(triggers, Meta(pagination=Pagination(limit=len(triggers), total_count=len(triggers))))
