"""The document is complete, valid, and describes what the service does."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from core import catalogue
from core.catalogue import NAMES, TriggerType
from core.fields import HeaderLimits, InvalidField
from runtime.health import Health
from service.app import make_app
from service.http.authentication.identification import Administrators
from service.openapi import schemas
from service.openapi.document import document
from service.openapi.json_schema import Json
from service.request.limits import Limits
from service.routes.calls import UseCases
from service.routes.triggers import TriggerBody
from service.routes.webhook_shapes import WebhookBody, WebhookChanges
from service.routes.webhooks import change, creation
from service.settings import read_settings

DOCUMENT: Json = msgspec.json.decode(msgspec.json.encode(document(HeaderLimits())))
"""The document as clients parse it."""


class Described(NamedTuple):
    """An operation with its references resolved."""

    name: str
    parameters: list[Json]
    responses: dict[int, Json]
    content: Json


def there(item: Json) -> Json:
    """The component that a reference names, or the item itself."""
    found: Json = DOCUMENT
    for part in item.get("$ref", "#").split("/")[1:]:
        found = found[part]
    return found if "$ref" in item else item


def operations() -> Iterator[Described]:
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            yield Described(
                operation["operationId"],
                [there(parameter) for parameter in operation["parameters"]],
                {int(status): there(response) for status, response in operation["responses"].items()},
                operation.get("requestBody", {}).get("content", {}),
            )


EVERY = {operation.name: operation for operation in operations()}


def contents(item: Any) -> Iterator[Json]:  # noqa: ANN401 - any JSON
    """Every object in it."""
    if isinstance(item, dict):
        yield item
    for part in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
        yield from contents(part)


def is_valid(schema: Json, value: object) -> bool:
    whole = {**schema, "components": DOCUMENT["components"]}
    return jsonschema_rs.is_valid(whole, value, validate_formats=True)


def test_it_is_an_openapi_document() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


@pytest.fixture
def handlers(tmp_path: Path) -> list[tuple[str, HTTPRouteHandler]]:
    """Every route of a service except `OPTIONS`: its path and its handler."""
    topology = tmp_path / "topology.toml"
    topology.write_text('[regions.us-iowa]\nnats = ["nats://localhost:4222"]\nredis = "redis://localhost:6379/0"\n')
    settings = read_settings(
        {
            "CROSSHOOK_TOPOLOGY": str(topology),
            "CROSSHOOK_REGION": "us-iowa",
            "CROSSHOOK_ADMIN_KEY": "the-key-of-whoever-runs-the-tests",
        }
    )
    unused = cast("Any", Unused())
    app = make_app(
        settings,
        unused,
        UseCases(unused, unused, unused, unused),
        Administrators(settings.admin_keys),
        board=unused,
    )
    return [
        (route.path_format, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "OPTIONS" not in handler.http_methods
    ]


def test_its_operations_are_the_routes_of_the_service(handlers: list[tuple[str, HTTPRouteHandler]]) -> None:
    routes = {(method.lower(), path) for path, handler in handlers for method in handler.http_methods}
    described = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == routes


def test_each_handler_is_a_member_of_its_module_and_has_its_description_beside_it(
    handlers: list[tuple[str, HTTPRouteHandler]],
) -> None:
    for path, handler in handlers:
        member = getattr(sys.modules[handler.fn.__module__], handler.handler_name, None)
        assert isinstance(member, HTTPRouteHandler), path
        assert member.fn is handler.fn
        (method,) = handler.http_methods
        described = DOCUMENT["paths"][path][str(method).lower()]
        assert (handler.summary, handler.description) == (described["summary"], described["description"])


class Unused:
    """A dependency that is never called."""

    def health(self) -> Health:
        """The dependency of `/readyz`."""
        raise NotImplementedError


ALWAYS = {400, 401, 403, 429, 503}
BY_ADMIN = {400, 401, 404, 429, 503}
STATUSES = {
    "create_webhook": ALWAYS | {201, 408, 409, 413, 415, 422},
    "list_webhooks": ALWAYS | {200, 408, 410, 413},
    "read_webhook": ALWAYS | {200, 304, 404, 408, 410},
    "update_webhook": ALWAYS | {200, 404, 408, 409, 412, 413, 415, 422},
    "delete_webhook": ALWAYS | {204, 404, 408, 412, 422},
    "create_trigger": ALWAYS | {201, 404, 408, 413, 415, 422},
    "list_triggers": ALWAYS | {200, 404, 408, 410},
    "delete_trigger": ALWAYS | {204, 404, 408, 422},
    "read_operation": ALWAYS | {200, 408, 410},
    "issue_api_key": BY_ADMIN | {201, 408, 409, 413, 415, 422},
    "list_api_keys": BY_ADMIN | {200, 408, 410},
    "revoke_api_key": BY_ADMIN | {204, 408, 422},
    "read_verification_keys": {400, 501, 503},
    "create_test_events": ALWAYS | {501},
    "livez": {200},
    "readyz": {200, 503},
    "metrics": {200},
    "read_first_page": {200, 503},
    "redirect_from_docs": {308, 503},
    "redirect_from_openapi_json": {308, 503},
    "read_page": {200, 503},
    "read_document": {200, 503},
    "read_file": {200, 404, 503},
    "read_dashboard": {200},
    "listen": {200, 429, 503},
    "read_lag": {200, 503},
    "read_dashboard_file": {200, 404},
}
WRITES = {"create_webhook", "update_webhook", "delete_webhook", "create_trigger", "delete_trigger"}
READS = {"list_webhooks", "read_webhook", "list_triggers", "read_operation"}
ADMIN_WRITES = {"issue_api_key", "revoke_api_key"}
ADMIN_READS = {"list_api_keys"}
RESERVED = {"read_verification_keys", "create_test_events"}
WITH_A_KEY = WRITES | READS | {"create_test_events"}
FILES = {"read_file", "read_dashboard_file"}
LISTS = {"list_webhooks", "list_triggers", "list_api_keys"}
CONSISTENCY = {"SlashID-Required-Consistency", "SlashID-Required-Consistency-Timeout"}


def test_every_operation_has_every_status() -> None:
    assert {name: set(operation.responses) for name, operation in EVERY.items()} == STATUSES


@pytest.mark.parametrize("name", STATUSES)
def test_every_operation_has_every_header_and_parameter(name: str) -> None:
    token = "SlashID-Consistency-Token"  # noqa: S105 - the header's name
    expected = {part[1:-1] for part in path_of(name).split("/") if part.startswith("{")}
    expected |= {"SlashID-OrgID"} if name in WRITES | READS | RESERVED else set()
    expected |= CONSISTENCY | {token} if name in WRITES | ADMIN_WRITES else set()
    expected |= {"Idempotency-Key"} if name in WRITES | ADMIN_WRITES else set()
    expected |= {token, "SlashID-Required-Consistency-Timeout"} if name in READS | ADMIN_READS else set()
    expected |= {"limit", "offset"} if name in LISTS else set()
    expected |= {"If-Match"} if name in {"update_webhook", "delete_webhook"} else set()
    expected |= {"If-None-Match"} if name == "read_webhook" else set()
    expected |= {"trigger_type", "trigger_name"} if name in {"delete_trigger", "list_webhooks"} else set()
    expected |= {"target_url"} if name == "list_webhooks" else set()
    assert {parameter["name"] for parameter in EVERY[name].parameters} == expected
    assert len(EVERY[name].parameters) == len(expected)


def path_of(name: str) -> str:
    (path,) = [
        path
        for path, methods in DOCUMENT["paths"].items()
        for operation in methods.values()
        if operation["operationId"] == name
    ]
    return str(path)


@pytest.mark.parametrize("name", STATUSES)
def test_every_response_has_every_header(name: str) -> None:
    for status, response in EVERY[name].responses.items():
        expected: set[str] = set()
        if name in WRITES | ADMIN_WRITES and status in {200, 201, 204, 408}:
            expected |= {"SlashID-Consistency-Token", "SlashID-Operation-ID"}
            expected |= {"Location"} if status == 408 and name in WRITES else set()
        expected |= {"Location"} if status == 308 else set()
        if name in READS | ADMIN_READS and status in {200, 304}:
            expected |= {"SlashID-Consistency-Token"}
        if name in {"create_webhook", "read_webhook", "update_webhook"} and status in {200, 201, 304}:
            expected |= {"ETag"}
        is_decided = status in {404, 409, 410, 412, 422} or (status == 408 and name in READS | ADMIN_READS)
        is_no_route = status == 404 and name in FILES | {"issue_api_key", "list_api_keys"}
        expected |= {"SlashID-Consistency-Token"} if is_decided and not is_no_route else set()
        expected |= {"WWW-Authenticate"} if status == 401 else set()
        expected |= {"Accept-Encoding"} if status == 415 else set()
        expected |= {"SlashID-Operation-ID"} if name == "issue_api_key" and status == 409 else set()
        expected |= {"Retry-After"} if status in {408, 429, 503} and name != "readyz" else set()
        expected |= (
            {"SlashID-Consistency-Token"} if status == 503 and name not in {"readyz", "listen", "read_lag"} else set()
        )
        assert set(response.get("headers", {})) == expected, status


def test_every_operation_names_its_authentication() -> None:
    schemes = {
        operation["operationId"]: [scheme for scheme, *_ in operation["security"]]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
    }
    assert schemes == {
        name: ["api_key"] if name in WITH_A_KEY else ["admin_key"] if name in ADMIN_WRITES | ADMIN_READS else []
        for name in STATUSES
    }


def test_every_body_and_every_response_has_examples_and_each_matches_its_schema() -> None:
    for operation in EVERY.values():
        bodies = [
            content for response in operation.responses.values() for content in response.get("content", {}).items()
        ]
        for content_type, content in [*bodies, *operation.content.items()]:
            if not content:
                assert operation.name in FILES
                continue
            examples = [example["value"] for example in content.get("examples", {}).values()] or [content["example"]]
            for example in examples:
                assert is_valid(content["schema"], example), (operation.name, content_type, example)


def test_every_parameter_and_every_header_has_an_example_that_matches_its_schema() -> None:
    components = DOCUMENT["components"]
    for item in [*components["parameters"].values(), *components["headers"].values()]:
        (example,) = [item["example"]] if "example" in item else item["schema"]["examples"]
        assert is_valid(item["schema"], example), item
        assert "example" in item or not item.get("required"), item


def test_an_example_of_a_refusal_has_the_status_of_its_response() -> None:
    for operation in EVERY.values():
        for status, response in operation.responses.items():
            for content in response.get("content", {}).values():
                if content.get("schema") == {"$ref": "#/components/schemas/Refusal"}:
                    codes = {
                        error["httpcode"] for one in content["examples"].values() for error in one["value"]["errors"]
                    }
                    assert codes == {status}


def test_the_routes_accept_the_bodies_of_the_examples() -> None:
    for body in shown("create_webhook"):
        creation("af5fbd30-7ce7-4548-8b30-4cd59cb2aba1", msgspec.convert(body, WebhookBody), Limits())
    for body in shown("update_webhook"):
        change("af5fbd30-7ce7-4548-8b30-4cd59cb2aba1", "", msgspec.convert(body, WebhookChanges), Limits())
    for body in shown("create_trigger"):
        trigger = msgspec.convert(body, TriggerBody)
        catalogue.trigger(trigger.trigger_type, trigger.trigger_name)


def shown(name: str) -> list[Json]:
    return [example["value"] for example in EVERY[name].content["application/json"]["examples"].values()]


@pytest.mark.parametrize("kind", [*TriggerType, "Event", ""])
def test_the_schema_of_a_trigger_allows_only_names_of_its_type(kind: str) -> None:
    body = EVERY["create_trigger"].content["application/json"]["schema"]
    for name in [*NAMES[TriggerType.EVENT], *NAMES[TriggerType.SYNC_HOOK], "personcreated_v1", ""]:
        try:
            catalogue.trigger(kind, name)
        except InvalidField:
            assert not is_valid(body, {"trigger_type": kind, "trigger_name": name})
        else:
            assert is_valid(body, {"trigger_type": kind, "trigger_name": name, "unknown": "is ignored"})


def test_every_reference_has_a_component_and_every_component_a_reference() -> None:
    references = {item["$ref"] for item in contents(DOCUMENT) if "$ref" in item}
    components = {
        f"#/components/{kind}/{name}"
        for kind, found in DOCUMENT["components"].items()
        for name in found
        if kind != "securitySchemes"
    }
    assert references == components


def test_every_link_leads_to_an_operation_that_has_its_parameters() -> None:
    for link in DOCUMENT["components"]["links"].values():
        taken = {f"{parameter['in']}.{parameter['name']}" for parameter in EVERY[link["operationId"]].parameters}
        assert set(link["parameters"]) <= taken


def test_everything_is_described() -> None:
    components = DOCUMENT["components"]
    for kind in ("parameters", "headers", "responses", "securitySchemes"):
        assert all(item["description"] for item in components[kind].values())
    for operation in DOCUMENT["paths"].values():
        assert all(item["description"] and item["summary"] for item in operation.values())
    for name, schema in components["schemas"].items():
        assert schema["description"], name


def test_the_schema_of_custom_headers_has_the_configured_limits() -> None:
    found = document(HeaderLimits(headers_max=2, header_bytes_max=10))["components"]["schemas"]
    for name in ("WebhookBody", "WebhookChanges"):
        headers = found[name]["properties"]["custom_headers"]
        assert jsonschema_rs.is_valid(headers, {"A": ["1", "2"]})
        assert jsonschema_rs.is_valid(headers, {"A": ["9" * 9]})
        assert not jsonschema_rs.is_valid(headers, {"A": ["1", "2", "3"]})
        assert not jsonschema_rs.is_valid(headers, {"A": [], "B": [], "C": []})
        assert not jsonschema_rs.is_valid(headers, {"A": ["9" * 10]})
        assert not jsonschema_rs.is_valid(headers, {"A" * 11: []})
    answered = found["Webhook"]["properties"]["custom_headers"]
    assert jsonschema_rs.is_valid(answered, {"A": ["1", "2", "3"]}), "it may have been accepted under higher limits"


class Undescribed(msgspec.Struct):
    """A shape with a field without a description."""

    name: str


def test_a_field_without_a_description_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schemas.SHAPES, "Webhook", Undescribed)
    with pytest.raises(LookupError, match=r"Webhook: no description of \['name'\]"):
        schemas.schemas(HeaderLimits())


def test_an_invalid_document_is_noticed() -> None:
    with pytest.raises(jsonschema_rs.ValidationError, match="title"):
        schemathesis.openapi.from_dict({**DOCUMENT, "info": {}}).validate()
