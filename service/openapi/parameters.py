"""What requests carry besides a body: headers, and parameters of path and query."""

from core.catalogue import NAMES, TriggerType
from core.consistency import Level
from core.tokens import TOKEN_CHARACTERS_MAX
from service.dashboard.assets import ASSETS as DASHBOARD_ASSETS
from service.http import headers, patterns, query_parameters
from service.openapi import examples
from service.openapi.assets import ASSETS
from service.openapi.json_schema import Json

_ENTITY_TAGS: Json = {"type": "string", "pattern": patterns.ENTITY_TAGS, "examples": [examples.ENTITY_TAG]}
_UUID: Json = {"type": "string", "format": "uuid", "pattern": patterns.UUID}

# What can be left out has its example in its schema: Swagger UI sends what stands beside it.
PARAMETERS: dict[str, Json] = {
    "organization": {
        "name": headers.ORGANIZATION,
        "in": "header",
        "required": True,
        "description": "The organization ID.",
        # Without a format: a generated client would put what its language has for a UUID into a header as it is.
        "schema": {"type": "string", "pattern": patterns.UUID},
        "example": examples.ORGANIZATION_ID,
    },
    "consistency": {
        "name": headers.CONSISTENCY,
        "in": "header",
        "description": (
            "The consistency level required for this request. `local_region`: wait until this region shows what was "
            "written. `all_regions`: wait until every region does. If that is not achieved within the timeout the "
            "answer is a 408, which undoes nothing: what was written goes on to every region."
        ),
        "schema": {
            "type": "string",
            "enum": list(Level),
            "default": Level.LOCAL_REGION,
            "examples": [Level.ALL_REGIONS],
        },
    },
    "timeout": {
        "name": headers.TIMEOUT,
        "in": "header",
        "description": (
            "The maximum number of seconds to wait, from the request's arrival: of a write for the consistency that "
            "it requires, of a read for the state that its token names. Anything else than an integer in the range is "
            "a 400."
        ),
        "schema": {
            "type": "integer",
            "minimum": headers.TIMEOUT_SECONDS_MIN,
            "maximum": headers.TIMEOUT_SECONDS_MAX,
            "default": headers.TIMEOUT_SECONDS_DEFAULT,
            "examples": [5],
        },
    },
    "token": {
        "name": headers.TOKEN,
        "in": "header",
        "description": (
            "The header of the same name of an earlier answer, of any region. A read answers from a state that is at "
            "least as new, and waits for it: a 408 if it does not come in time, a 410 if a restore lost it. A write "
            "does not wait for it; its own answer's token covers it."
        ),
        "schema": {
            "type": "string",
            "format": "consistency-token",
            "pattern": patterns.PRINTABLE,
            "maxLength": TOKEN_CHARACTERS_MAX,
            "examples": [examples.CONSISTENCY_TOKEN],
        },
    },
    "retry_key": {
        "name": headers.IDEMPOTENCY_KEY,
        "in": "header",
        "description": (
            "Makes it safe to send the request again: with the same key and the same payload it rejoins the first "
            "attempt, with the same outcome, and waits for the consistency that *this* attempt requires. The same key "
            "with another payload is a 422. A key belongs to its organization, method and path, and is kept for 24 "
            "hours. The administrator's keys are counted apart from the organization's. Refusals are not recorded. "
            "Used in two regions before either has heard of the other's, both take effect."
        ),
        "schema": {
            "type": "string",
            "pattern": patterns.PRINTABLE,
            "maxLength": headers.IDEMPOTENCY_KEY_CHARACTERS_MAX,
            "examples": [examples.IDEMPOTENCY_KEY],
        },
    },
    "if_match": {
        "name": headers.IF_MATCH,
        "in": "header",
        "description": (
            "The `ETag` of the state that may be changed, several with commas between, or `*`. A 412 where this "
            "region has seen a later one."
        ),
        "schema": _ENTITY_TAGS,
    },
    "if_none_match": {
        "name": headers.IF_NONE_MATCH,
        "in": "header",
        "description": (
            "The `ETag` of a state that is known already, several with commas between, or `*`. A 304 where it is the "
            "state that this region has."
        ),
        "schema": _ENTITY_TAGS,
    },
    "limit": {
        "name": "limit",
        "in": "query",
        "description": "How many items to list at most. Without it the list is whole.",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": query_parameters.LIMIT_MAX,
            "examples": [20],
        },
    },
    "offset": {
        "name": "offset",
        "in": "query",
        "description": "How many items to pass over first.",
        "schema": {
            "type": "integer",
            "minimum": 0,
            "maximum": query_parameters.OFFSET_MAX,
            "default": 0,
            "examples": [40],
        },
    },
    "webhook_id": {
        "name": "webhook_id",
        "in": "path",
        "required": True,
        "description": "The webhook's `id`. One that nobody has is a 404, and so is what is no UUID.",
        "schema": _UUID,
        "example": examples.WEBHOOK_ID,
    },
    "trigger_type": {
        "name": "trigger_type",
        "in": "query",
        "required": True,
        "description": "The trigger's type.",
        "schema": {"type": "string", "enum": list(TriggerType)},
        "example": examples.EVENT_TRIGGER["trigger_type"],
    },
    "trigger_name": {
        "name": "trigger_name",
        "in": "query",
        "required": True,
        "description": "The trigger's name, one that belongs to the type.",
        "schema": {"type": "string", "enum": [name for names in NAMES.values() for name in names]},
        "example": examples.EVENT_TRIGGER["trigger_name"],
    },
    "wanted_target_url": {
        "name": "target_url",
        "in": "query",
        "description": (
            "Only webhooks with this `target_url`, or one with the same normal form (RFC 3986, sections 6.2.2 and "
            "6.2.3)."
        ),
        "schema": {"type": "string", "pattern": patterns.PRINTABLE, "examples": [examples.WEBHOOK_BODY["target_url"]]},
    },
    "wanted_trigger_type": {
        "name": "trigger_type",
        "in": "query",
        "description": "Together with `trigger_name`: only webhooks that this trigger calls.",
        "schema": {
            "type": "string",
            "enum": list(TriggerType),
            "examples": [examples.EVENT_TRIGGER["trigger_type"]],
        },
    },
    "wanted_trigger_name": {
        "name": "trigger_name",
        "in": "query",
        "description": "Together with `trigger_type`: a name that belongs to the type.",
        "schema": {
            "type": "string",
            "enum": [name for names in NAMES.values() for name in names],
            "examples": [examples.EVENT_TRIGGER["trigger_name"]],
        },
    },
    "operation_id": {
        "name": "operation_id",
        "in": "path",
        "required": True,
        "description": "The `SlashID-Operation-ID` of an answer.",
        "schema": _UUID,
        "example": examples.OPERATION_ID,
    },
    "organization_id": {
        "name": "organization_id",
        "in": "path",
        "required": True,
        "description": "The organization whose keys these are.",
        "schema": _UUID,
        "example": examples.ORGANIZATION_ID,
    },
    "key_id": {
        "name": "key_id",
        "in": "path",
        "required": True,
        "description": "The key's `id`.",
        "schema": _UUID,
        "example": examples.KEY_ID,
    },
    "file": {
        "name": "file",
        "in": "path",
        "required": True,
        "description": "The file's name.",
        "schema": {"type": "string", "enum": list(ASSETS)},
        "example": "swagger-ui.css",
    },
    "dashboard_file": {
        "name": "file",
        "in": "path",
        "required": True,
        "description": "The file's name.",
        "schema": {"type": "string", "enum": list(DASHBOARD_ASSETS)},
        "example": "page.css",
    },
}
