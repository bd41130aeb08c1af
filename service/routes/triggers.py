"""Triggers: create, list, delete what calls a webhook."""

import msgspec
from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler

from core import catalogue
from core.catalogue import NameOfTrigger, Trigger, TypeOfTrigger
from core.commands import CreateTrigger, DeleteTrigger
from service.http.envelope import Answer, Empty, listed
from service.http.headers import AnyRequest
from service.http.query_parameters import named_trigger, page
from service.routes.calls import Read, Write
from service.routes.webhooks import known_form

TRIGGERS = "/organizations/webhooks/{webhook_id:str}/triggers"


class TriggerBody(msgspec.Struct, frozen=True):
    """The trigger that calls the webhook: a type, and a name that belongs to it."""

    trigger_type: TypeOfTrigger
    trigger_name: NameOfTrigger


@post(TRIGGERS)
async def create_trigger(webhook_id: str, write: Write, data: TriggerBody) -> Empty:
    """Create a webhook trigger."""
    trigger = catalogue.trigger(data.trigger_type, data.trigger_name)
    await write.carry_out(CreateTrigger(write.caller.organization_id, known_form(webhook_id), trigger))
    return Empty()


@get(TRIGGERS)
async def list_triggers(webhook_id: str, read: Read, request: AnyRequest) -> Answer[list[Trigger]]:
    """List a webhook's triggers in creation order."""
    found = await read.use_cases.reading.triggers(read.request, known_form(webhook_id), page(request))
    return listed(found, lambda trigger: trigger)


@delete(TRIGGERS)
async def delete_trigger(webhook_id: str, write: Write, request: AnyRequest) -> None:
    """Delete a webhook trigger, named by the query parameters."""
    trigger = named_trigger(request)
    await write.carry_out(DeleteTrigger(write.caller.organization_id, known_form(webhook_id), trigger))


TRIGGER_ROUTES: tuple[HTTPRouteHandler, ...] = (create_trigger, list_triggers, delete_trigger)
