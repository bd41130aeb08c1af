"""The shapes of bodies and results, generated from the structs of the routes and the descriptions of their fields."""

from typing import Any

import msgspec

from core.catalogue import NAMES, Trigger, TriggerType
from core.fields import HeaderLimits
from runtime.health_routes import HealthResponse
from service.http.envelope import Empty, Envelope
from service.openapi.custom_headers import custom_headers
from service.openapi.json_schema import Json, in_components, is_described, reference
from service.routes.api_key_shapes import ApiKeyBody, ApiKeyView, IssuedApiKeyView
from service.routes.operations import OperationView
from service.routes.triggers import TriggerBody
from service.routes.webhook_shapes import WebhookBody, WebhookChanges, WebhookView

SHAPES: dict[str, Any] = {
    "WebhookBody": WebhookBody,
    "WebhookChanges": WebhookChanges,
    "Webhook": WebhookView,
    "WebhookAnswer": Envelope[WebhookView],
    "WebhooksAnswer": Envelope[list[WebhookView]],
    "TriggerBody": TriggerBody,
    "Trigger": Trigger,
    "TriggersAnswer": Envelope[list[Trigger]],
    "Operation": OperationView,
    "OperationAnswer": Envelope[OperationView],
    "ApiKeyBody": ApiKeyBody,
    "ApiKey": ApiKeyView,
    "ApiKeysAnswer": Envelope[list[ApiKeyView]],
    "IssuedApiKey": IssuedApiKeyView,
    "IssuedApiKeyAnswer": Envelope[IssuedApiKeyView],
    "Empty": Empty,
    "Health": HealthResponse,
}


_ALWAYS_THERE = {"meta", "errors"}
_TITLES = {TriggerType.EVENT: "MOD1", TriggerType.SYNC_HOOK: "MOD2"}
"""The two bodies, as the API page names them."""
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
    """Every component by its name. Raises `LookupError` if a field has no description."""
    references, generated = msgspec.json.schema_components(list(SHAPES.values()), ref_template="{name}")
    names = {found["$ref"]: name for name, found in zip(SHAPES, references, strict=True)}
    described = {names.get(key, key): _described(names.get(key, key), shape, names) for key, shape in generated.items()}
    for body in ("WebhookBody", "WebhookChanges"):
        described[body]["properties"]["custom_headers"] = custom_headers(limits)
    return {
        **described,
        **_trigger_bodies(described["TriggerBody"]),
        "Refusal": _refusal(described["Empty"]),
        "Alive": _ALIVE,
        "Document": _DOCUMENT,
        "Lag": _LAG,
    }


def _described(name: str, shape: Json, names: dict[str, str]) -> Json:
    if "properties" not in shape:
        return {**shape, "title": name}
    properties = {field: in_components(schema, names) for field, schema in shape["properties"].items()}
    silent = [field for field, schema in properties.items() if not is_described(schema)]
    if silent:
        raise LookupError(f"{name}: no description of {silent}")
    required = [field for field in properties if field in shape["required"] or field in _ALWAYS_THERE]
    return {**shape, "title": name, "properties": properties, "required": required}


def _refusal(empty: Json) -> Json:
    errors = {**empty["properties"]["errors"], "minItems": 1}
    del errors["default"]
    return {
        **empty,
        "title": "Refusal",
        "description": "A response that names what is wrong.",
        "properties": {**empty["properties"], "errors": errors},
    }


def _trigger_bodies(either: Json) -> Json:
    """A type and a name that belongs to it: one shape for each type, and one that is either of them."""
    shapes = {f"{_TITLES[kind]}TriggerBody": kind for kind in TriggerType}
    bodies: Json = {name: _trigger_body(kind, either["properties"]) for name, kind in shapes.items()}
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


def _trigger_body(kind: TriggerType, fields: Json) -> Json:
    properties = {
        "trigger_type": {**fields["trigger_type"], "enum": [kind]},
        "trigger_name": {**fields["trigger_name"], "enum": list(NAMES[kind])},
    }
    return {
        "title": _TITLES[kind],
        "description": f"What calls the webhook, if that is of the type `{kind}`.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }
