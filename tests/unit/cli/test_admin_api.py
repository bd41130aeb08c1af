"""Each response of a service to an administrator is a result or one line with the reason."""

import http
from typing import Any

import msgspec
import pytest

from cli.admin_api import PAGE_LENGTH, PAGES_MAX, AdminApi, ApiKey, Wait
from cli.admin_errors import (
    AdminError,
    AdminKeyRefused,
    Invalid,
    NoAdminRoutes,
    NotCrosshook,
    NotReached,
    Refused,
    Unanswered,
    UnknownApiKey,
)
from cli.service_call import parse_service_url
from core.consistency import Level
from tests.unit.cli.scripted_service import Asked, Said, ScriptedService, refused, said, scripted

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
KEYS = f"/admin/organizations/{ORGANIZATION}/keys"
A_KEY: dict[str, Any] = {
    "id": "01a209cc-d549-7788-b87c-a8c76edb7d8d",
    "name": "billing",
    "created_at": "2026-01-01T00:00:00.000Z",
}


def api_of(service: ScriptedService) -> AdminApi:
    return AdminApi(parse_service_url(service.url), admin_key="secret")


def test_a_key_is_asked_for_with_the_admin_key_and_the_wait() -> None:
    with scripted(lambda _: said(201, result={**A_KEY, "key": "text"}, meta={}, errors=[])) as service:
        issued = api_of(service).issue(ORGANIZATION, Wait(Level.LOCAL_REGION, timeout_seconds=7), name="billing")
    assert (issued.id, issued.key) == (A_KEY["id"], "text")
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", KEYS)
    assert msgspec.json.decode(asked.body) == {"name": "billing"}
    assert asked.headers["Authorization"] == "Bearer secret"
    assert asked.headers["SlashID-Required-Consistency"] == "local_region"
    assert asked.headers["SlashID-Required-Consistency-Timeout"] == "7"


def test_restrictions_are_asked_for_as_members_of_the_body() -> None:
    restrictions = {"scopes": ["read"], "expires_at": "2030-01-31T00:00:00Z"}
    result = {**A_KEY, "key": "text", "scopes": ["read"], "expires_at": "2030-01-31T00:00:00.000Z"}
    with scripted(lambda _: said(201, result=result, meta={}, errors=[])) as service:
        issued = api_of(service).issue(ORGANIZATION, Wait(), restrictions=restrictions)
    assert msgspec.json.decode(service.asked[0].body) == {"name": "", **restrictions}
    assert (issued.scopes, issued.expires_at) == (["read"], "2030-01-31T00:00:00.000Z")


def test_every_write_and_no_read_has_an_idempotency_key_of_its_own() -> None:
    def response(asked: Asked) -> Said:
        listed_or_issued = [] if asked.method == "GET" else {**A_KEY, "key": "text"}
        return (
            Said(204)
            if asked.method == "DELETE"
            else said(201 if asked.method == "POST" else 200, result=listed_or_issued)
        )

    with scripted(response) as service:
        api = api_of(service)
        for _ in range(2):
            api.issue(ORGANIZATION, Wait())
            api.revoke(ORGANIZATION, "1", Wait())
        api.keys(ORGANIZATION)
    keys = [asked.headers.get("Idempotency-Key") for asked in service.asked]
    assert keys.pop() is None
    assert None not in keys
    assert len(set(keys)) == 4


def test_every_page_is_listed_until_one_is_not_full() -> None:
    def response(asked: Asked) -> Said:
        offset = int(asked.path.rpartition("=")[2])
        return said(200, result=[{**A_KEY, "id": str(number)} for number in range(offset, 2_500)][:PAGE_LENGTH])

    with scripted(response) as service:
        assert [key.id for key in api_of(service).keys(ORGANIZATION)] == [str(number) for number in range(2_500)]
    assert len(service.asked) == 3


def test_a_list_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.admin_api.PAGE_LENGTH", 1)
    with scripted(lambda _: said(200, result=[A_KEY])) as service:
        assert api_of(service).keys(ORGANIZATION) == [ApiKey(**A_KEY)] * PAGES_MAX


@pytest.mark.parametrize(
    ("response", "kind", "message"),
    [
        (refused(400, "name: expected text"), Invalid, "name: expected text"),
        (refused(401, "header Authorization: …"), AdminKeyRefused, "started with another admin key"),
        (refused(404, "no such route: /admin"), NoAdminRoutes, "start it with CROSSHOOK_ADMIN_KEY"),
        (refused(404, "API key not found: 1"), UnknownApiKey, "API key not found: 1; either this"),
        (refused(408, "body: did not arrive"), Refused, "answered 408: body: did not arrive"),
        (refused(422, "it has its maximum"), Refused, "answered 422: it has its maximum"),
        (refused(429, "try again"), Refused, "answered 429: try again"),
        (refused(503, "try again"), Refused, "answered 503: try again"),
        (Said(502, b"<html>Bad Gateway</html>"), NotCrosshook, "answered 502, but is not a crosshook service"),
        (Said(404, b'{"detail": "Not Found"}'), NotCrosshook, "give the URL of a region's service"),
        (said(500, errors=[]), NotCrosshook, "answered 500"),
        (Said(201, b'{"result": {}}'), NotCrosshook, "answered 201"),
        (Said(201, b"{", length=2), Unanswered, "did not answer: the response is not complete"),
    ],
)
def test_every_failure_is_one_line_with_its_reason(response: Said, kind: type[AdminError], message: str) -> None:
    with scripted(lambda _: response) as service, pytest.raises(kind) as caught:
        api_of(service).issue(ORGANIZATION, Wait())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("state", "is_committed"), [("committed", True), ("unknown", False)])
def test_a_408_names_the_missing_regions_and_whether_the_log_has_it(state: str, *, is_committed: bool) -> None:
    consistency = {"state": state, "pending": ["asia-japan"], "acknowledged": ["us-iowa"]}
    response = refused(408, "waiting for asia-japan", consistency=consistency)
    with scripted(lambda _: response) as service, pytest.raises(NotReached, match="waiting for asia-japan") as caught:
        api_of(service).revoke(ORGANIZATION, "1", Wait())
    assert caught.value.is_committed is is_committed
    assert caught.value.pending == ("asia-japan",)
    assert service.asked[0].headers["SlashID-Required-Consistency"] == "all_regions"


def test_a_key_is_revoked_by_its_id() -> None:
    with scripted(lambda _: Said(http.HTTPStatus.NO_CONTENT)) as service:
        api_of(service).revoke(ORGANIZATION, "1", Wait())
    assert service.asked[0][:2] == ("DELETE", f"{KEYS}/1")
