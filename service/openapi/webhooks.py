"""The operations on webhooks."""

from service.http.headers import OPERATION, TOKEN
from service.openapi import examples
from service.openapi.json_schema import reference
from service.openapi.kinds import Operation, Own, read, write
from service.openapi.responses import REUSED, answer, body, decided, nothing, refused, succeeded

TAG = "Webhooks"

_NOT_FOUND = reference("webhook_not_found", "responses")
_TAKEN = decided(
    409,
    "Another webhook of the organization has that `target_url`, or one with the same normal form.",
    f"target_url: another webhook of this organization already uses {examples.WEBHOOK_BODY['target_url']} or an "
    "equivalent URL",
)
_CHANGED = decided(
    412,
    "This region has seen a later state than `If-Match` names.",
    f"header If-Match: webhook {examples.WEBHOOK_ID} is in another state than the header names; read it again",
)

WEBHOOKS: tuple[Operation, ...] = (
    write(
        "post",
        "/organizations/webhooks",
        Own(
            tag=TAG,
            name="create_webhook",
            summary="Create a webhook",
            description="Register a webhook. It is called once it has triggers.",
            body=body(
                "WebhookBody",
                {"everything": examples.WEBHOOK_BODY, "no more than is needed": examples.SMALLEST_WEBHOOK_BODY},
            ),
            responses={
                201: answer(
                    "The webhook is registered, as consistently as was required.",
                    "WebhookAnswer",
                    {"the webhook": succeeded(examples.WEBHOOK)},
                    headers=(TOKEN, OPERATION, "ETag"),
                    links=("webhook", "change", "deletion", "new_trigger", "triggers", "operation"),
                ),
                409: _TAKEN,
                422: decided(
                    422,
                    "The organization has as many webhooks as it can have; or the `Idempotency-Key` was used for a "
                    "request that asked for something else.",
                    "this organization already has its maximum of 1000 webhooks",
                    REUSED,
                ),
            },
        ),
    ),
    read(
        "get",
        "/organizations/webhooks",
        Own(
            tag=TAG,
            name="list_webhooks",
            summary="List webhooks",
            description=(
                "The organization's webhooks, in creation order. Without `limit` the list is whole, up to 16 MiB. Then "
                "it is read in pieces: each webhook that is there from the first piece to the last is in it once. One "
                "such list at a time is made for an organization, and the next one waits."
            ),
            parameters=(*("limit", "offset"), *("wanted_target_url", "wanted_trigger_type", "wanted_trigger_name")),
            responses={
                200: answer(
                    "The webhooks.",
                    "WebhooksAnswer",
                    {
                        "one webhook": succeeded([examples.WEBHOOK], limit=1, offset=0, total_count=1),
                        "nothing": succeeded([], limit=20, offset=40, total_count=1),
                    },
                    headers=(TOKEN,),
                ),
                413: refused(
                    413,
                    "The whole list has more than 16 MiB.",
                    "this list has more than 16 MiB; read it in parts, with limit and offset",
                ),
            },
        ),
    ),
    read(
        "get",
        "/organizations/webhooks/{webhook_id}",
        Own(
            tag=TAG,
            name="read_webhook",
            summary="Read a webhook",
            description="One webhook, as this region has applied it.",
            parameters=("webhook_id", "if_none_match"),
            responses={
                200: answer(
                    "The webhook.",
                    "WebhookAnswer",
                    {"the webhook": succeeded(examples.WEBHOOK)},
                    headers=(TOKEN, "ETag"),
                ),
                304: nothing("`If-None-Match` names the state that the webhook has.", headers=(TOKEN, "ETag")),
                404: _NOT_FOUND,
            },
        ),
    ),
    write(
        "patch",
        "/organizations/webhooks/{webhook_id}",
        Own(
            tag=TAG,
            name="update_webhook",
            summary="Change a webhook",
            description=(
                "Change some of a webhook's fields. What is left out or null stays as it is; `custom_headers` "
                "replaces them all. Changes of different fields, in different regions at once, all stay."
            ),
            parameters=("webhook_id", "if_match"),
            body=body("WebhookChanges", {"another address, and less time": examples.WEBHOOK_CHANGES}),
            responses={
                200: answer(
                    "The webhook as it is now, as consistently as was required.",
                    "WebhookAnswer",
                    {"the webhook": succeeded(examples.CHANGED_WEBHOOK)},
                    headers=(TOKEN, OPERATION, "ETag"),
                    links=("operation",),
                ),
                404: _NOT_FOUND,
                409: _TAKEN,
                412: _CHANGED,
            },
        ),
    ),
    write(
        "delete",
        "/organizations/webhooks/{webhook_id}",
        Own(
            tag=TAG,
            name="delete_webhook",
            summary="Delete a webhook",
            description=(
                "Delete a webhook and its triggers. Its id is never used again. A repeated deletion joins the first "
                "one as long as that does not hold as consistently as *this* request requires."
            ),
            parameters=("webhook_id", "if_match"),
            responses={
                204: nothing(
                    "The webhook is deleted, as consistently as was required.",
                    headers=(TOKEN, OPERATION),
                    links=("operation",),
                ),
                404: _NOT_FOUND,
                412: _CHANGED,
            },
        ),
    ),
)
