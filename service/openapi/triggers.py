"""The operations on triggers."""

from service.http.headers import OPERATION, TOKEN
from service.openapi import examples
from service.openapi.json_schema import reference
from service.openapi.kinds import Operation, read, write
from service.openapi.responses import body, decided, json_response, nothing, succeeded
from service.routes.triggers import create_trigger, delete_trigger, list_triggers

TAG = "Triggers"

_PATH = "/organizations/webhooks/{webhook_id}/triggers"
_NOT_FOUND = reference("webhook_not_found", "responses")
_NOTHING_MORE = {"meta": {"pagination": {"limit": 0, "offset": 0, "total_count": 0}}, "errors": []}

TRIGGERS: tuple[Operation, ...] = (
    write(
        create_trigger,
        tag=TAG,
        body=body(
            "TriggerBody", {"an event": examples.EVENT_TRIGGER, "a synchronous hook": examples.SYNC_HOOK_TRIGGER}
        ),
        responses={
            201: json_response(
                "The trigger is created, with the required consistency.",
                "Empty",
                {"created": _NOTHING_MORE},
                headers=(TOKEN, OPERATION),
                links=("same_triggers", "trigger_deletion", "operation"),
            ),
            404: _NOT_FOUND,
        },
    ),
    read(
        list_triggers,
        tag=TAG,
        responses={
            200: json_response(
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
    write(
        delete_trigger,
        tag=TAG,
        responses={
            204: nothing(
                "The trigger is deleted, with the required consistency.",
                headers=(TOKEN, OPERATION),
                links=("same_triggers", "operation"),
            ),
            404: decided(
                404,
                "In what this region has applied, the organization has no such webhook. Or the webhook has no such "
                "trigger.",
                f"webhook not found: {examples.WEBHOOK_ID}",
                "trigger not found: event PersonCreated_v1 does not call this webhook",
            ),
        },
    ),
)
