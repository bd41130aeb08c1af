"""The operations on webhooks."""

from service.http.headers import OPERATION, TOKEN
from service.openapi import examples
from service.openapi.json_schema import reference
from service.openapi.kinds import Operation, read, write
from service.openapi.responses import REUSED, body, decided, json_response, nothing, refused, succeeded
from service.routes.webhooks import create_webhook, delete_webhook, list_webhooks, read_webhook, update_webhook

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
        create_webhook,
        tag=TAG,
        body=body(
            "WebhookBody",
            {"everything": examples.WEBHOOK_BODY, "no more than is needed": examples.SMALLEST_WEBHOOK_BODY},
        ),
        responses={
            201: json_response(
                "The webhook is registered, with the required consistency.",
                "WebhookAnswer",
                {"the webhook": succeeded(examples.WEBHOOK)},
                headers=(TOKEN, OPERATION, "ETag"),
                links=("webhook", "change", "deletion", "new_trigger", "triggers", "operation"),
            ),
            409: _TAKEN,
            422: decided(
                422,
                "The organization has reached its limit of webhooks. Or the `Idempotency-Key` was used for a different "
                "request.",
                "this organization already has its maximum of 1000 webhooks",
                REUSED,
            ),
        },
    ),
    read(
        list_webhooks,
        tag=TAG,
        responses={
            200: json_response(
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
                "The whole list is longer than 16 MiB.",
                "this list has more than 16 MiB; read it in parts, with limit and offset",
            ),
        },
    ),
    read(
        read_webhook,
        tag=TAG,
        responses={
            200: json_response(
                "The webhook.",
                "WebhookAnswer",
                {"the webhook": succeeded(examples.WEBHOOK)},
                headers=(TOKEN, "ETag"),
            ),
            304: nothing("`If-None-Match` names the webhook's state.", headers=(TOKEN, "ETag")),
            404: _NOT_FOUND,
        },
    ),
    write(
        update_webhook,
        tag=TAG,
        body=body("WebhookChanges", {"another address, and less time": examples.WEBHOOK_CHANGES}),
        responses={
            200: json_response(
                "The changed webhook, with the required consistency.",
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
    write(
        delete_webhook,
        tag=TAG,
        responses={
            204: nothing(
                "The webhook is deleted, with the required consistency.",
                headers=(TOKEN, OPERATION),
                links=("operation",),
            ),
            404: _NOT_FOUND,
            412: _CHANGED,
        },
    ),
)
