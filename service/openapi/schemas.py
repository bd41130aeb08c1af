"""The shapes of bodies and results: the structs that the routes take and give, with what is said of their fields."""

from typing import Any

import msgspec

from core.catalogue import NAMES, Trigger, TriggerType
from core.fields import HeaderLimits
from runtime.health import HealthAnswer
from service.http.envelope import Answer, Empty
from service.openapi.fields import Json, fields, reference
from service.routes.api_keys import ApiKeyBody, ApiKeyView, IssuedApiKeyView
from service.routes.operations import OperationView
from service.routes.triggers import TriggerBody
from service.routes.webhooks import WebhookBody, WebhookChanges, WebhookView

_SHAPES: dict[str, Any] = {
    "WebhookBody": WebhookBody,
    "WebhookChanges": WebhookChanges,
    "Webhook": WebhookView,
    "WebhookAnswer": Answer[WebhookView],
    "WebhooksAnswer": Answer[list[WebhookView]],
    "TriggerBody": TriggerBody,
    "Trigger": Trigger,
    "TriggersAnswer": Answer[list[Trigger]],
    "Operation": OperationView,
    "OperationAnswer": Answer[OperationView],
    "ApiKeyBody": ApiKeyBody,
    "ApiKey": ApiKeyView,
    "ApiKeysAnswer": Answer[list[ApiKeyView]],
    "IssuedApiKey": IssuedApiKeyView,
    "IssuedApiKeyAnswer": Answer[IssuedApiKeyView],
    "Empty": Empty,
    "Health": HealthAnswer,
}


_ALWAYS_THERE = {"meta", "errors"}
_TITLES = {TriggerType.EVENT: "MOD1", TriggerType.SYNC_HOOK: "MOD2"}
"""As the API page calls the two bodies."""
_ALIVE: Json = {
    "type": "object",
    "description": "The body of `/livez`.",
    "properties": {"status": {"const": "alive", "description": "Always this."}},
    "required": ["status"],
}
_DOCUMENT: Json = {
    "type": "object",
    "description": "An OpenAPI document.",
    "properties": {"openapi": {"type": "string", "description": "The version of OpenAPI that it is written in."}},
    "required": ["openapi"],
}

_LAG: Json = {
    "type": "object",
    "description": "What the page at `/dashboard` shows at one moment. It changes with the page.",
    "properties": {
        "at_milliseconds": {"type": "integer", "description": "The moment, in milliseconds since 1970."},
        "here": {"type": "string", "description": "The region whose view this is."},
    },
    "required": ["at_milliseconds", "here"],
}


def schemas(limits: HeaderLimits) -> Json:
    """Every component by its name. Raises `LookupError` where a struct's fields are not those that are described."""
    references, generated = msgspec.json.schema_components(list(_SHAPES.values()), ref_template="{name}")
    names = {found["$ref"]: name for name, found in zip(_SHAPES, references, strict=True)}
    known = fields(limits)
    described = {
        name: _described(name, schema, known.get(name, {}))
        for name, schema in ((names.get(key, key), schema) for key, schema in generated.items())
    }
    return {
        **described,
        **_trigger_bodies(described["TriggerBody"], known["TriggerBody"]),
        "Refusal": _refusal(described["Empty"]),
        "Alive": _ALIVE,
        "Document": _DOCUMENT,
        "Lag": _LAG,
    }


def _described(name: str, schema: Json, known: Json) -> Json:
    if "properties" not in schema:
        return {**schema, "title": name}
    if schema["properties"].keys() != known.keys():
        raise LookupError(f"{name}: described {sorted(known)}, has {sorted(schema['properties'])}")
    properties = {field: _with_default(known[field], generated) for field, generated in schema["properties"].items()}
    required = [field for field in properties if field in schema["required"] or field in _ALWAYS_THERE]
    return {**schema, "title": name, "properties": properties, "required": required}


def _with_default(known: Json, generated: Json) -> Json:
    """What a field is, also where it is left out, if that is something that can be sent.

    Some generators of clients take nothing beside a reference but a description.
    """
    default = generated.get("default")
    return known if default is None or "$ref" in known else {**known, "default": default}


def _refusal(empty: Json) -> Json:
    errors = {**empty["properties"]["errors"], "minItems": 1}
    del errors["default"]
    return {
        **empty,
        "title": "Refusal",
        "description": "An answer that says what is wrong.",
        "properties": {**empty["properties"], "errors": errors},
    }


def _trigger_bodies(either: Json, known: Json) -> Json:
    """A type and a name that belongs to it: one shape for each type, and one that is either of them."""
    shapes = {f"{_TITLES[kind]}TriggerBody": kind for kind in TriggerType}
    bodies: Json = {name: _trigger_body(kind, known) for name, kind in shapes.items()}
    return {
        **bodies,
        "TriggerBody": {
            "title": "TriggerBody",
            "description": either["description"],
            "oneOf": [reference(name) for name in shapes],
            "discriminator": {
                "propertyName": "trigger_type",
                "mapping": {kind: reference(name)["$ref"] for name, kind in shapes.items()},
            },
        },
    }


def _trigger_body(kind: TriggerType, known: Json) -> Json:
    properties = {
        "trigger_type": {**known["trigger_type"], "enum": [kind]},
        "trigger_name": {**known["trigger_name"], "enum": list(NAMES[kind])},
    }
    return {
        "title": _TITLES[kind],
        "description": f"What calls the webhook, if that is of the type `{kind}`.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }
