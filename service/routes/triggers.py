"""Triggers: create, list, delete what calls a webhook."""

import msgspec
from litestar import delete, get, post

from core import catalogue
from core.catalogue import Trigger
from core.commands import CreateTrigger, DeleteTrigger
from service.answers import Answer, Empty, listed
from service.reading import Page, Reading
from service.requests import ReadRequest, WriteRequest
from service.routes.webhooks import known_form
from service.writing import Writing


class TriggerBody(msgspec.Struct, frozen=True):
    """What calls the webhook: a type, and a name that belongs to it."""

    trigger_type: str
    trigger_name: str


@post("/organizations/webhooks/{webhook_id:str}/triggers")
async def create_trigger(webhook_id: str, write: WriteRequest, data: TriggerBody, writing: Writing) -> Empty:
    """Create a webhook trigger."""
    trigger = catalogue.trigger(data.trigger_type, data.trigger_name)
    await writing.write(CreateTrigger(write.caller.organization_id, known_form(webhook_id), trigger), write)
    return Empty()


@get("/organizations/webhooks/{webhook_id:str}/triggers")
async def list_triggers(webhook_id: str, read: ReadRequest, page: Page, reading: Reading) -> Answer[list[Trigger]]:
    """List a webhook's triggers in creation order."""
    return listed(await reading.triggers(read, known_form(webhook_id), page), lambda trigger: trigger)


@delete("/organizations/webhooks/{webhook_id:str}/triggers")
async def delete_trigger(webhook_id: str, write: WriteRequest, named_trigger: Trigger, writing: Writing) -> None:
    """Delete a webhook trigger, named by the query parameters."""
    await writing.write(DeleteTrigger(write.caller.organization_id, known_form(webhook_id), named_trigger), write)
