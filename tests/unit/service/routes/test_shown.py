"""Every route's response shows what its use case returned: the token, and the operation of a write."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, cast

import pytest
from litestar import Litestar
from litestar.datastructures import State as AppState
from litestar.testing import TestClient
from litestar.types import ASGIApp, Receive, Scope, Send

from core.catalogue import NAMES
from core.events import ApiKeyIssued, Envelope, WebhookCreated
from core.positions import Epoch, Position, Region, Sequence
from core.projection import fields_after, key_about, writes_of
from core.registers import Fields
from core.stamps import Clock, render
from core.tokens import render_token, token_at
from core.webhooks import Webhook, webhook_in
from service.http.later_response import is_later, later_response
from service.http.problems import EXCEPTION_HANDLERS
from service.http.received import arrived, body_arrived
from service.reads.operation_status import Fate, State
from service.reads.pages import Listed, Page
from service.request.limits import Limits
from service.request.scope import shown_in
from service.request.shown import Result, Shown
from service.routes.api_keys import API_KEY_ROUTES
from service.routes.calls import Calls, UseCases
from service.routes.operations import OPERATION_ROUTES
from service.routes.triggers import TRIGGER_ROUTES
from service.routes.webhooks import WEBHOOK_ROUTES
from service.writes.command_handler import Appended, Written
from tests.unit.service.http.asking import ADMIN_KEY, ADMINISTRATORS, API_KEY, KEY_ID, ORGANIZATION

POSITION = Position(Region("us-iowa"), Epoch("k3v9x2"), Sequence(42))
READ = Shown(token_at(POSITION))
WRITTEN = Shown(token_at(POSITION), "0190", POSITION)
TRIGGER_TYPE, (TRIGGER_NAME, *_) = next(iter(NAMES.items()))
TRIGGER = {"trigger_type": TRIGGER_TYPE, "trigger_name": TRIGGER_NAME}
WEBHOOKS = "/organizations/webhooks"
WEBHOOK = f"{WEBHOOKS}/{KEY_ID}"
TRIGGERS = f"{WEBHOOK}/triggers"
KEYS = f"/admin/organizations/{ORGANIZATION}/keys"


def fields_of(event: WebhookCreated | ApiKeyIssued) -> Fields:
    """The registers after an event."""
    envelope = Envelope(operation_id="0190", organization_id=ORGANIZATION, clock=render(Clock(1)), event=event)
    return fields_after(writes_of(envelope, POSITION), key=key_about(ORGANIZATION, event), before={})


FIELDS = fields_of(WebhookCreated(KEY_ID, "hook", "https://a.example.com"))
EMPTY: Listed[Any] = Listed([], 0, Page(0))


class Stub:
    """Use cases that return at once. A write leaves `fields`."""

    def __init__(self) -> None:
        self.fields: Fields = {}

    async def write(self, *_: object) -> Appended:
        return Appended(Result(Written(KEY_ID, self.fields), WRITTEN), self.until_reached())

    async def until_reached(self) -> None:
        pass

    async def webhook(self, *_: object) -> Result[Webhook | None]:
        return Result(webhook_in(KEY_ID, FIELDS), READ)

    async def webhooks(self, *_: object) -> Result[Listed[Any]]:
        return Result(EMPTY, READ)

    triggers = api_keys = webhooks

    async def fate(self, *_: object) -> Result[Fate]:
        return Result(Fate(KEY_ID, State.UNKNOWN), READ)


class Seen:
    """The scope of the last request."""

    scope: Scope


def recording(app: ASGIApp) -> ASGIApp:
    async def record(scope: Scope, receive: Receive, send: Send) -> None:
        arrived(cast("Any", scope))
        message: Any = await receive()
        body_arrived(cast("Any", scope), message["body"])
        Seen.scope = scope
        await app(scope, receive, send)
        if is_later(cast("Any", scope)):
            await (await later_response(cast("Any", scope))).send(send)

    return record


@pytest.fixture(scope="module")
def stub() -> Stub:
    return Stub()


@pytest.fixture(scope="module")
def client(stub: Stub) -> Iterator[TestClient[Litestar]]:
    use_cases: Any = stub
    calls = Calls(UseCases(use_cases, use_cases, use_cases, use_cases), Limits(), ADMINISTRATORS, lambda: 0)
    app = Litestar(
        [*WEBHOOK_ROUTES, *TRIGGER_ROUTES, *OPERATION_ROUTES, *API_KEY_ROUTES],
        state=AppState({"calls": calls}),
        middleware=[recording],
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,
        openapi_config=None,
    )
    headers = {"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": API_KEY, "Authorization": f"Bearer {ADMIN_KEY}"}
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers.update(headers)
        yield client


ROUTES: list[tuple[str, str, object, int]] = [
    ("GET", WEBHOOKS, None, 200),
    ("GET", WEBHOOK, None, 200),
    ("POST", WEBHOOKS, {"name": "hook", "target_url": "https://a.example.com"}, 201),
    ("PATCH", WEBHOOK, {"name": "hook"}, 200),
    ("DELETE", WEBHOOK, None, 204),
    ("GET", TRIGGERS, None, 200),
    ("POST", TRIGGERS, TRIGGER, 201),
    ("DELETE", f"{TRIGGERS}?trigger_type={TRIGGER_TYPE}&trigger_name={TRIGGER_NAME}", None, 204),
    ("GET", f"/operations/{KEY_ID}", None, 200),
    ("GET", KEYS, None, 200),
    ("POST", KEYS, {"name": "key"}, 201),
    ("DELETE", f"{KEYS}/{KEY_ID}", None, 204),
]


def test_each_route_of_the_api_is_in_the_table() -> None:
    routes = [*WEBHOOK_ROUTES, *TRIGGER_ROUTES, *OPERATION_ROUTES, *API_KEY_ROUTES]
    assert len(ROUTES) == len(routes)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_each_response_shows_what_its_use_case_returned(
    client: TestClient[Litestar], stub: Stub, route: tuple[str, str, object, int]
) -> None:
    method, path, body, status = route
    stub.fields = fields_of(ApiKeyIssued(KEY_ID, "key", "d")) if path == KEYS else FIELDS
    response = client.request(method, path, json=body)
    assert response.status_code == status
    assert response.headers["SlashID-Consistency-Token"] == render_token(token_at(POSITION))
    assert response.headers.get("SlashID-Operation-ID") == (None if method == "GET" else "0190")
    assert shown_in(Seen.scope) is (READ if method == "GET" else WRITTEN)


def test_a_write_that_leaves_no_webhook_shows_its_operation(client: TestClient[Litestar], stub: Stub) -> None:
    stub.fields = {}
    response = client.patch(WEBHOOK, json={"name": "hook"})
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert response.headers["SlashID-Operation-ID"] == "0190"
    assert shown_in(Seen.scope) is WRITTEN
