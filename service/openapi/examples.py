"""One story that all examples tell: an organization, its webhook, and what calls it."""

ORGANIZATION_ID = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
WEBHOOK_ID = "0199a2c4-5b1e-7d3a-9c44-6f0e2b7a1d58"
OPERATION_ID = "6b0532e2-0afa-8f15-8c7d-33b14fe98721"
KEY_ID = "0199a2c0-11d2-7c6e-8f0a-2b9d4e6a7c31"
CONSISTENCY_TOKEN = "1.5jrCCmQ2NWI3YjI0MjQAAAAAAAM"  # noqa: S105 - for documentation only
ENTITY_TAG = '"8f14e45fceea167a5a36dedd"'
CREATED_AT = "2026-03-14T09:26:53.589Z"
IDEMPOTENCY_KEY = "order-4711-webhook"

WEBHOOK_BODY = {
    "name": "orders",
    "target_url": "https://hooks.example.com/orders",
    "description": "Informs the order desk of arrivals.",
    "custom_headers": {"X-Desk": ["orders"]},
    "timeout": "10s",
}
SMALLEST_WEBHOOK_BODY = {"name": "orders", "target_url": "https://hooks.example.com/orders"}
WEBHOOK_CHANGES = {"target_url": "https://hooks.example.com/v2/orders", "timeout": "1.5s"}
WEBHOOK = {**WEBHOOK_BODY, "id": WEBHOOK_ID, "created_at": CREATED_AT, "updated_at": CREATED_AT}
CHANGED_WEBHOOK = {**WEBHOOK, **WEBHOOK_CHANGES, "updated_at": "2026-03-14T09:31:02.004Z"}
EVENT_TRIGGER = {"trigger_type": "event", "trigger_name": "PersonCreated_v1"}
SYNC_HOOK_TRIGGER = {"trigger_type": "sync_hook", "trigger_name": "token_minted"}
API_KEY = {
    "id": KEY_ID,
    "name": "the order desk's",
    "created_at": CREATED_AT,
    "scopes": ["read", "write"],
    "expires_at": "2027-03-14T00:00:00.000Z",
    "last_used_at": "2026-03-15",
}
API_KEY_TEXT = "crosshook_0199a2c011d27c6e8f0a2b9d4e6a7c31_Zm9yIGRvY3VtZW50YXRpb24gb25seSwgbm8gc2VjcmU"
APPLIED = {
    "operation_id": OPERATION_ID,
    "state": "applied",
    "origin": "us-iowa",
    "sequence": 2583,
    "regions": {"us-iowa": "applied", "europe-belgium": "applied", "asia-japan": "applied"},
}
COMMITTED = {
    **APPLIED,
    "state": "committed",
    "regions": {"us-iowa": "applied", "europe-belgium": "applied", "asia-japan": "pending"},
}
NOT_KNOWN: dict[str, object] = {
    "operation_id": OPERATION_ID,
    "state": "unknown",
    "origin": None,
    "sequence": None,
    "regions": {},
}
NOT_REACHED = {
    "required": "all_regions",
    "timeout_seconds": 5,
    "state": "committed",
    "acknowledged": ["europe-belgium", "us-iowa"],
    "pending": ["asia-japan"],
}
READY = {"status": "ready", "region": "us-iowa", "waiting_for": [], "halted": {}, "outdated": {}}
DEGRADED = {**READY, "status": "degraded", "halted": {"asia-japan": "forked: another message stands at 7"}}
WAITING = {**READY, "status": "waiting", "waiting_for": ["NATS of us-iowa"]}
METRICS = "# TYPE crosshook_appended_events_total counter\ncrosshook_appended_events_total 2583.0\n"
LAG = {"at_milliseconds": 1773480662004, "here": "us-iowa"}
DASHBOARD_EVENT = 'event: present\ndata: {"at_milliseconds": 1773480662004, "here": "us-iowa"}\n\n'
PARAMETERS: dict[str, object] = {
    "organization": ORGANIZATION_ID,
    "consistency": "all_regions",
    "timeout": 5,
    "token": CONSISTENCY_TOKEN,
    "retry_key": IDEMPOTENCY_KEY,
    "if_match": ENTITY_TAG,
    "if_none_match": ENTITY_TAG,
    "limit": 20,
    "offset": 40,
    "trigger_type": EVENT_TRIGGER["trigger_type"],
    "trigger_name": EVENT_TRIGGER["trigger_name"],
    "wanted_target_url": WEBHOOK_BODY["target_url"],
    "wanted_trigger_type": EVENT_TRIGGER["trigger_type"],
    "wanted_trigger_name": EVENT_TRIGGER["trigger_name"],
    "webhook_id": WEBHOOK_ID,
    "operation_id": OPERATION_ID,
    "organization_id": ORGANIZATION_ID,
    "key_id": KEY_ID,
    "file": "swagger-ui.css",
    "dashboard_file": "page.css",
}
"""The key of a parameter -> its example."""
