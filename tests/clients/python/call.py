"""A client that is generated from the document: it registers a webhook, changes it, and takes everything away again."""

import importlib
import os
import pkgutil
from http import HTTPStatus
from typing import Any, get_type_hints

import generated
from generated import AuthenticatedClient
from generated.api.operations import read_operation
from generated.api.reserved import read_verification_keys
from generated.api.triggers import create_trigger, delete_trigger, list_triggers
from generated.api.webhooks import create_webhook, delete_webhook, list_webhooks, read_webhook, update_webhook
from generated.models import (
    MOD1,
    CreateWebhookSlashIDRequiredConsistency,
    DeleteTriggerTriggerName,
    DeleteTriggerTriggerType,
    WebhookBody,
    WebhookChanges,
)

for module in pkgutil.walk_packages(generated.__path__, "generated."):
    importlib.import_module(module.name)

# A user gives what the types ask for: a UUID, if the document said that it is one.
identifier = get_type_hints(read_webhook.sync)["slash_id_org_id"]
organization: Any = {"slash_id_org_id": identifier(os.environ["ORG"])}
client = AuthenticatedClient(
    os.environ["URL"], os.environ["KEY"], prefix="", auth_header_name="SlashID-API-Key", raise_on_unexpected_status=True
)

body = WebhookBody(name="orders", target_url="https://hooks.example.com/python", timeout="10s")
everywhere = CreateWebhookSlashIDRequiredConsistency.ALL_REGIONS
created = create_webhook.sync_detailed(
    client=client, body=body, slash_id_required_consistency=everywhere, **organization
)
assert created.status_code == HTTPStatus.CREATED, created
webhook = created.parsed.result
assert (webhook.name, webhook.target_url, webhook.timeout) == ("orders", body.target_url, "10s")

taken = create_webhook.sync(client=client, body=body, **organization)
assert [error.httpcode for error in taken.errors] == [409]
assert [one.id for one in list_webhooks.sync(client=client, **organization).result] == [webhook.id]

etag = created.headers["ETag"]
same = read_webhook.sync_detailed(webhook.id, client=client, if_none_match=etag, **organization)
assert same.status_code == HTTPStatus.NOT_MODIFIED

changes = WebhookChanges(description="changed")
changed = update_webhook.sync(webhook.id, client=client, body=changes, if_match=etag, **organization)
assert changed.result.description == "changed"

trigger = MOD1.from_dict({"trigger_type": "event", "trigger_name": "PersonCreated_v1"})
assert create_trigger.sync_detailed(webhook.id, client=client, body=trigger, **organization).status_code == 201
(listed,) = list_triggers.sync(webhook.id, client=client, **organization).result
assert listed.to_dict() == trigger.to_dict()
named: Any = {
    "trigger_type": DeleteTriggerTriggerType.EVENT,
    "trigger_name": DeleteTriggerTriggerName.PERSONCREATED_V1,
}
assert delete_trigger.sync_detailed(webhook.id, client=client, **named, **organization).status_code == 204

deleted = delete_webhook.sync_detailed(webhook.id, client=client, **organization)
assert deleted.status_code == HTTPStatus.NO_CONTENT
operation = read_operation.sync(deleted.headers["SlashID-Operation-ID"], client=client, **organization)
assert operation.result.state == "applied"
gone = read_webhook.sync(webhook.id, client=client, **organization)
assert [error.httpcode for error in gone.errors] == [404]
reserved = read_verification_keys.sync(client=client, **organization)
assert [error.httpcode for error in reserved.errors] == [501]
client.get_httpx_client().close()
print("all is as the document says")
