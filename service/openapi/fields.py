"""The fields of bodies and results: what JSON Schema can say of each besides its type, and what it is for."""

from typing import Any

from core.api_keys import NAME_CHARACTERS_MAX
from core.catalogue import NAMES, TriggerType
from core.consistency import Level
from core.fields import RESERVED_HEADERS, HeaderLimits
from service.openapi import patterns
from service.reads.operation_status import State

Json = dict[str, Any]


def reference(name: str, kind: str = "schemas") -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def _nullable(schema: Json) -> Json:
    """What counts as absent if it is null."""
    return {**schema, "type": [schema["type"], "null"]}


def _as_read(schema: Json) -> Json:
    """What an earlier version took and this one would refuse is still there to be read."""
    return {name: said for name, said in schema.items() if name not in {"pattern", "not"}}


def array_of(schema: Json) -> Json:
    """A list of what `schema` describes."""
    return {"type": "array", "items": schema}


_NAME: Json = {"type": "string", "pattern": patterns.NOT_BLANK, "description": "Not blank."}
_TARGET_URL: Json = {
    "type": "string",
    "pattern": patterns.TARGET_URL,
    "not": {"type": "string", "pattern": patterns.NO_TARGET_URL},
    "description": (
        "Where the webhook is called: https, a host that is neither `localhost` nor an IP address, no user name, no "
        "query, no fragment, a path of RFC 3986 with whole escapes. It is kept as given, and unique within the "
        "organization by its normal form (RFC 3986, sections 6.2.2 and 6.2.3)."
    ),
}
_DESCRIPTION: Json = {"type": "string", "description": 'For people. `""` where there is none.'}
_CUSTOM_HEADERS: Json = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
    "description": "What the webhook is called with: names of headers, each with its values.",
}
_NO_HEADERS: Json = {"type": "array", "items": {"type": "string"}, "maxItems": 0}
"""How some languages write an empty map."""
_TIMEOUT: Json = {
    "type": "string",
    "pattern": patterns.TIMEOUT,
    "maxLength": 64,
    "description": (
        "How long a call of the webhook may take: a Go duration from `0s` to `20s`, such as `10s`, `1.5s` or `250ms`. "
        "In a request also one that has to be calculated, such as `1s500ms`, which the pattern cannot do."
    ),
}
_TIMEOUT_OR_NONE: Json = {
    **_TIMEOUT,
    "pattern": patterns.TIMEOUT_OR_NONE,
    "description": f'{_TIMEOUT["description"]} `""` counts as absent.',
}
_ID: Json = {"type": "string", "format": "uuid", "description": "A UUIDv7."}
_TIME: Json = {"type": "string", "format": "date-time", "description": "RFC 3339, UTC, with milliseconds."}
_TRIGGER_TYPE: Json = {
    "type": "string",
    "enum": list(TriggerType),
    "description": "What kind of thing calls the webhook.",
}
_TRIGGER_NAME: Json = {
    "type": "string",
    "enum": [name for names in NAMES.values() for name in names],
    "description": "Which of the things of this type exactly.",
}
_KEY_NAME: Json = {"type": "string", "maxLength": NAME_CHARACTERS_MAX, "description": "Whose it is, for people."}
_COUNT: Json = {"type": "integer", "minimum": 0}
_REGION_NAMES: Json = {"type": "array", "items": {"type": "string"}}


_ENVELOPE: Json = {
    "meta": reference("Meta"),
    "errors": {**array_of(reference("ErrorItem")), "description": "What is wrong; empty where nothing is."},
}
_TRIGGER: Json = {"trigger_type": _TRIGGER_TYPE, "trigger_name": _TRIGGER_NAME}
_KEY: Json = {"id": _ID, "name": _KEY_NAME, "created_at": _TIME}

_FIELDS: dict[str, Json] = {
    "WebhookAnswer": {"result": reference("Webhook"), **_ENVELOPE},
    "WebhooksAnswer": {"result": array_of(reference("Webhook")), **_ENVELOPE},
    "Trigger": _TRIGGER,
    "TriggerBody": _TRIGGER,
    "TriggersAnswer": {"result": array_of(reference("Trigger")), **_ENVELOPE},
    "Operation": {
        "operation_id": {"type": "string", "format": "uuid", "description": "The id that was asked for."},
        "state": {
            "type": "string",
            "enum": list(State),
            "description": (
                "`applied`: in every region. `committed`: in its origin's log, and on its way to every region. "
                "`never`: it did not happen and will not. `unknown`: nothing is recorded of it; it may still land."
            ),
        },
        "origin": {"type": ["string", "null"], "description": "The region whose log has it. Null where none is known."},
        "sequence": {"type": ["integer", "null"], "minimum": 1, "description": "Its place there, from 1."},
        "regions": {
            "type": "object",
            "additionalProperties": {"enum": ["applied", "pending"]},
            "description": "Which regions have applied it. Empty where nothing is known.",
        },
    },
    "OperationAnswer": {"result": reference("Operation"), **_ENVELOPE},
    "ApiKeyBody": {"name": _nullable(_KEY_NAME)},
    "ApiKey": _KEY,
    "ApiKeysAnswer": {"result": array_of(reference("ApiKey")), **_ENVELOPE},
    "IssuedApiKey": {
        **_KEY,
        "key": {
            "type": "string",
            "description": "What `SlashID-API-Key` has to carry. It is shown here and never again.",
        },
    },
    "IssuedApiKeyAnswer": {"result": reference("IssuedApiKey"), **_ENVELOPE},
    "Empty": _ENVELOPE,
    "Meta": {
        "pagination": {**reference("Pagination"), "description": "Of a list: which part of it this is."},
        "consistency": {**reference("ConsistencyMeta"), "description": "Of a 408 of a write: what is known of it."},
    },
    "Pagination": {
        "limit": {**_COUNT, "description": "How many items were asked for: of a whole list, all."},
        "offset": {**_COUNT, "description": "How many were passed over."},
        "total_count": {**_COUNT, "format": "int64", "description": "How many the whole list has."},
    },
    "ConsistencyMeta": {
        "required": {"type": "string", "enum": list(Level), "description": "What was asked for."},
        "timeout_seconds": {
            "type": "integer",
            "minimum": 1,
            "maximum": 120,
            "description": "How long it was waited for.",
        },
        "state": {
            "type": "string",
            "enum": ["committed", "unknown"],
            "description": (
                "`committed`: it is in the log and will be applied everywhere. `unknown`: the log did not answer; it "
                "may be in it, or may still land. Or the log is halted; then the event may be lost with it."
            ),
        },
        "acknowledged": {**_REGION_NAMES, "description": "The regions that are known to have applied it."},
        "pending": {**_REGION_NAMES, "description": "The regions that are not, or not yet."},
    },
    "ErrorItem": {
        "httpcode": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The answer's status."},
        "message": {"type": "string", "description": "What is wrong, and what would be right."},
    },
    "Health": {
        "region": {"type": "string", "description": "The region that the process belongs to."},
        "status": reference("Condition"),
        "waiting_for": {"type": "array", "items": {"type": "string"}, "description": "What is not there yet."},
        "halted": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Origins whose events are not applied any more, and why.",
        },
    },
}


def fields(limits: HeaderLimits) -> dict[str, Json]:
    """Shape -> field -> schema."""
    needed = {"name": _NAME, "target_url": _TARGET_URL}
    optional = {
        "description": _nullable(_DESCRIPTION),
        "custom_headers": _custom_headers(limits),
        "timeout": _nullable(_TIMEOUT_OR_NONE),
    }
    return {
        **_FIELDS,
        "WebhookBody": {**needed, **optional},
        "WebhookChanges": {**{name: _nullable(schema) for name, schema in needed.items()}, **optional},
        "Webhook": {
            "id": _ID,
            "name": _as_read(_NAME),
            "target_url": _as_read(_TARGET_URL),
            "description": _DESCRIPTION,
            "custom_headers": _CUSTOM_HEADERS,
            "timeout": _TIMEOUT,
            "created_at": _TIME,
            "updated_at": _TIME,
        },
    }


def _custom_headers(limits: HeaderLimits) -> Json:
    """Each limit by itself. What holds of several headers together, or of name and value, the text has to say."""
    value = {"type": "string", "pattern": patterns.HEADER_VALUE, "maxLength": limits.header_bytes_max - 1}
    headers = {
        "type": "object",
        "propertyNames": {
            "pattern": patterns.HEADER_NAME,
            "not": {"pattern": patterns.RESERVED_HEADER},
            "maxLength": limits.header_bytes_max,
        },
        "additionalProperties": {"type": "array", "maxItems": limits.headers_max, "items": value},
        "maxProperties": limits.headers_max,
    }
    return {
        "anyOf": [headers, _NO_HEADERS, {"type": "null"}],
        "description": (
            f"{_CUSTOM_HEADERS['description']} A name is one of RFC 9110, other than {RESERVED_HEADERS}. No two names "
            "differ by case alone. A value has no control characters, and no blanks at its ends. There can be "
            f"{limits.headers_max} headers, each value counted. A name and a value together have at most "
            f"{limits.header_bytes_max:,} bytes of UTF-8. `[]` counts as absent."
        ),
    }
