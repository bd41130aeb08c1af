"""Links: the operations that take values from a response."""

from service.openapi.json_schema import Json

_ORGANIZATION = {"header.SlashID-OrgID": "$request.header.SlashID-OrgID"}
_NEW_WEBHOOK = {**_ORGANIZATION, "path.webhook_id": "$response.body#/result/id"}
_SAME_WEBHOOK = {**_ORGANIZATION, "path.webhook_id": "$request.path.webhook_id"}
_NEW_TRIGGER = {
    "query.trigger_type": "$request.body#/trigger_type",
    "query.trigger_name": "$request.body#/trigger_name",
}

LINKS: dict[str, Json] = {
    "webhook": {"operationId": "read_webhook", "parameters": _NEW_WEBHOOK},
    "change": {"operationId": "update_webhook", "parameters": _NEW_WEBHOOK},
    "deletion": {"operationId": "delete_webhook", "parameters": _NEW_WEBHOOK},
    "new_trigger": {"operationId": "create_trigger", "parameters": _NEW_WEBHOOK},
    "triggers": {"operationId": "list_triggers", "parameters": _NEW_WEBHOOK},
    "same_triggers": {"operationId": "list_triggers", "parameters": _SAME_WEBHOOK},
    "trigger_deletion": {"operationId": "delete_trigger", "parameters": {**_SAME_WEBHOOK, **_NEW_TRIGGER}},
    "operation": {
        "operationId": "read_operation",
        "parameters": {**_ORGANIZATION, "path.operation_id": "$response.header.SlashID-Operation-ID"},
    },
    "operation_of_administrator": {
        "operationId": "read_operation",
        "parameters": {
            "header.SlashID-OrgID": "$request.path.organization_id",
            "path.operation_id": "$response.header.SlashID-Operation-ID",
        },
    },
    "revocation": {
        "operationId": "revoke_api_key",
        "parameters": {
            "path.organization_id": "$request.path.organization_id",
            "path.key_id": "$response.body#/result/id",
        },
    },
}
