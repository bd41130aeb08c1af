"""The operations on triggers."""

from service.http.headers import OPERATION, TOKEN
from service.openapi import examples
from service.openapi.json_schema import reference
from service.openapi.kinds import Operation, Own, read, write
from service.openapi.responses import answer, body, decided, nothing, succeeded

TAG = "Triggers"

_PATH = "/organizations/webhooks/{webhook_id}/triggers"
_NOT_FOUND = reference("webhook_not_found", "responses")
_NOTHING_MORE = {"meta": {"pagination": {"limit": 0, "offset": 0, "total_count": 0}}, "errors": []}

TRIGGERS: tuple[Operation, ...] = (
    write(
        "post",
        _PATH,
        Own(
            tag=TAG,
            name="create_trigger",
            summary="Create a webhook trigger",
            description=(
                "Create a new trigger for an existing webhook. Each webhook can have multiple triggers, and will be "
                "called on each of them. The trigger type specifies what kind of trigger will cause the webhook to be "
                "called. The trigger name specifies the exact trigger that will cause the webhook to be called, "
                "amongst all triggers of this type.\n\nA trigger has no id: within its webhook it *is* its type and "
                "name. Creating one that is there already is a 201 like the first time, and waits for the consistency "
                "all the same."
            ),
            parameters=("webhook_id",),
            body=body(
                "TriggerBody", {"an event": examples.EVENT_TRIGGER, "a synchronous hook": examples.SYNC_HOOK_TRIGGER}
            ),
            responses={
                201: answer(
                    "Created, as consistently as was required.",
                    "Empty",
                    {"created": _NOTHING_MORE},
                    headers=(TOKEN, OPERATION),
                    links=("same_triggers", "trigger_deletion", "operation"),
                ),
                404: _NOT_FOUND,
            },
        ),
    ),
    read(
        "get",
        _PATH,
        Own(
            tag=TAG,
            name="list_triggers",
            summary="List a webhook's triggers",
            description="A webhook's triggers, in creation order.",
            parameters=("webhook_id", "limit", "offset"),
            responses={
                200: answer(
                    "The triggers.",
                    "TriggersAnswer",
                    {
                        "two triggers": succeeded(
                            [examples.EVENT_TRIGGER, examples.SYNC_HOOK_TRIGGER], limit=2, offset=0, total_count=2
                        )
                    },
                    headers=(TOKEN,),
                ),
                404: _NOT_FOUND,
            },
        ),
    ),
    write(
        "delete",
        _PATH,
        Own(
            tag=TAG,
            name="delete_trigger",
            summary="Delete a webhook trigger",
            description=(
                "Delete the trigger that the query parameters name. A repeated deletion joins the first one as long as "
                "that does not hold as consistently as *this* request requires."
            ),
            parameters=("webhook_id", "trigger_type", "trigger_name"),
            responses={
                204: nothing(
                    "The trigger is deleted, as consistently as was required.",
                    headers=(TOKEN, OPERATION),
                    links=("same_triggers", "operation"),
                ),
                404: decided(
                    404,
                    "In what this region has applied, the organization has no such webhook, or it no such trigger.",
                    f"webhook not found: {examples.WEBHOOK_ID}",
                    "trigger not found: event PersonCreated_v1 does not call this webhook",
                ),
            },
        ),
    ),
)
