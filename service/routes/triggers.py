"""Triggers: create, list, delete what calls a webhook."""

import msgspec
from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from core import catalogue
from core.catalogue import NameOfTrigger, Trigger, TypeOfTrigger
from core.commands import CreateTrigger, DeleteTrigger
from service.http.encoded_response import EncodedResponse
from service.http.envelope import Empty, Envelope, listed
from service.http.headers import AnyRequest
from service.http.later_response import LaterResponse
from service.http.parameter import takes
from service.http.parameters import LIMIT, OFFSET, TRIGGER_NAME, TRIGGER_TYPE, WEBHOOK_ID
from service.http.query_parameters import named_trigger, page
from service.routes.calls import calls_of, with_body
from service.routes.webhooks import known_form

TRIGGERS = "/organizations/webhooks/{webhook_id:str}/triggers"


class TriggerBody(msgspec.Struct, frozen=True):
    """The trigger that calls the webhook: a type, and a name that belongs to it."""

    trigger_type: TypeOfTrigger
    trigger_name: NameOfTrigger


@post(
    TRIGGERS,
    summary="Create a webhook trigger",
    description=(
        "Create a new trigger for an existing webhook. Each webhook can have multiple triggers, and will be called on "
        "each of them. The trigger type specifies what kind of trigger will cause the webhook to be called. The "
        "trigger name specifies the exact trigger that will cause the webhook to be called, amongst all triggers of "
        "this type.\n\nA trigger has no id: within its webhook it *is* its type and name. Creating a trigger that "
        "exists returns 201, like the first time, and still waits for the consistency."
    ),
    opt=takes(WEBHOOK_ID),
)
async def create_trigger(webhook_id: FromPath[str], request: AnyRequest) -> LaterResponse[Empty]:
    """Create a webhook trigger."""
    write, body = with_body(calls_of(request).write, request, TriggerBody)
    trigger = catalogue.trigger(body.trigger_type, body.trigger_name)
    command = CreateTrigger(write.caller.organization_id, known_form(webhook_id), trigger)
    return write.carry_out(command, lambda written: write.respond(Empty(), written.shown))


@get(
    TRIGGERS,
    summary="List a webhook's triggers",
    description="A webhook's triggers, in creation order.",
    opt=takes(WEBHOOK_ID, LIMIT, OFFSET),
)
async def list_triggers(webhook_id: FromPath[str], request: AnyRequest) -> EncodedResponse[Envelope[list[Trigger]]]:
    """List a webhook's triggers in creation order."""
    read = calls_of(request).read(request)
    found = await read.use_cases.reading.triggers(read.request, known_form(webhook_id), page(request))
    return read.respond(listed(found.value, lambda trigger: trigger), found.shown)


@delete(
    TRIGGERS,
    summary="Delete a webhook trigger",
    description=(
        "Delete the trigger that the query parameters name. A repeated deletion rejoins the first one until that one "
        "holds as consistently as *this* request requires."
    ),
    opt=takes(WEBHOOK_ID, TRIGGER_TYPE, TRIGGER_NAME),
)
async def delete_trigger(webhook_id: FromPath[str], request: AnyRequest) -> LaterResponse[None]:
    """Delete a webhook trigger, named by the query parameters."""
    write = calls_of(request).write(request)
    trigger = named_trigger(request)
    command = DeleteTrigger(write.caller.organization_id, known_form(webhook_id), trigger)
    return write.carry_out(command, lambda written: write.respond(None, written.shown))


TRIGGER_ROUTES: tuple[HTTPRouteHandler, ...] = (create_trigger, list_triggers, delete_trigger)
