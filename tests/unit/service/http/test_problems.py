"""Every error has one response, and every response is the envelope."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, get
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    TooManyRequestsException,
)
from litestar.testing import TestClient
from structlog.testing import capture_logs

from core.commands import ApiKeyIssuedBefore, EventTooLarge, FieldRefused, TargetUrlTaken, WebhookNotFound
from core.consistency import Level
from core.fields import InvalidField, NoLongerTaken
from core.positions import Epoch, Position, Region, Sequence
from core.tokens import render_token, token_at
from service.http.headers import InvalidHeader
from service.http.json_body import InvalidBody
from service.http.problems import EXCEPTION_HANDLERS
from service.request.context import Wait
from service.request.errors import NotSeenInTime, RegionUnavailable, TimedOut
from service.request.shown import Refused, Shown

US, EU = Region("us-iowa"), Region("europe-belgium")
OPERATION_ID = "0190"
WAIT = Wait(level=Level.ALL_REGIONS, timeout_seconds=2, deadline=0.0)


class Raised:
    """The error that the route raises next."""

    error: Exception


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    @get(["/raises", "/raises/{who:str}"], sync_to_thread=False)
    def raises() -> None:
        raise Raised.error

    app = Litestar([raises], exception_handlers=EXCEPTION_HANDLERS, logging_config=None, openapi_config=None)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def response_to(
    client: TestClient[Litestar], error: Exception, path: str = "/raises"
) -> tuple[int, dict[str, Any], Any]:
    Raised.error = error
    found = client.get(path)
    assert found.headers["Content-Type"] == "application/json"
    return found.status_code, found.json(), found.headers


TABLE: list[tuple[Exception, int, str]] = [
    (InvalidField("timeout", 'expected a duration from "0s" to "20s"'), 400, 'timeout: expected a duration from "0s"'),
    (InvalidHeader("SlashID-OrgID", "a UUID"), 400, "header SlashID-OrgID: expected a UUID"),
    (InvalidBody("name: Expected `str`"), 400, "body: name: Expected `str`"),
    (WebhookNotFound("w1"), 404, "webhook not found: w1"),
    (WebhookNotFound("w" * 5_000), 404, "webhook not found: " + "w" * 80),
    (ApiKeyIssuedBefore("o1", "k1"), 409, "revoke it with DELETE /admin/organizations/o1/keys/k1 and issue another"),
    (FieldRefused(NoLongerTaken("target_url", "expected a URL")), 400, "target_url: expected a URL"),
    (
        TargetUrlTaken("https://x.example.com"),
        409,
        "another webhook of this organization already uses https://x.example.com",
    ),
    (EventTooLarge("at most 5 bytes"), 413, "body: the event is too large for this region's log: at most 5 bytes"),
    (RegionUnavailable("this region's log does not answer"), 503, "log does not answer; nothing was done, try again"),
    (NotFoundException(), 404, "no such route: /raises"),
    (
        MethodNotAllowedException(headers={"allow": "GET, POST"}),
        405,
        "GET is not allowed here; allowed: GET, HEAD, POST",
    ),
    (MethodNotAllowedException(), 405, "GET is not allowed here; allowed: "),
    (TooManyRequestsException(detail="slow down", headers={"Retry-After": "3"}), 429, "slow down"),
    (HTTPException(detail="teapot", status_code=418), 418, "teapot"),
    (ValueError("secret"), 500, "unexpected error; the service has logged it"),
    (ExceptionGroup("several", [ValueError("secret")]), 500, "unexpected error; the service has logged it"),
]


@pytest.mark.parametrize(("error", "status", "message"), TABLE, ids=lambda value: type(value).__name__)
def test_each_error_has_its_status_in_the_line_and_in_the_envelope(
    client: TestClient[Litestar], error: Exception, status: int, message: str
) -> None:
    code, body, _ = response_to(client, error)
    assert code == status
    assert [item["httpcode"] for item in body["errors"]] == [status]
    assert message in body["errors"][0]["message"]
    assert set(body) == {"meta", "errors"}


@pytest.mark.parametrize(("error", "status", "message"), TABLE, ids=lambda value: type(value).__name__)
def test_a_refusal_has_the_response_of_its_reason_with_the_token_and_the_operation(
    client: TestClient[Litestar], error: Exception, status: int, message: str
) -> None:
    shown = Shown(token_at(Position(US, Epoch("k3v9x2"), Sequence(42))), OPERATION_ID)
    code, body, headers = response_to(client, Refused(error, shown))
    assert (code, message in body["errors"][0]["message"]) == (status, True)
    assert headers["SlashID-Consistency-Token"] == render_token(shown.token)
    assert headers["SlashID-Operation-ID"] == OPERATION_ID
    assert response_to(client, Refused(error, None))[:2] == response_to(client, error)[:2] == (code, body)


@pytest.mark.parametrize("shown", [None, Shown({})])
def test_a_refusal_that_shows_nothing_has_neither_header(client: TestClient[Litestar], shown: Shown | None) -> None:
    _, _, headers = response_to(client, Refused(WebhookNotFound("w1"), shown))
    assert "SlashID-Consistency-Token" not in headers
    assert "SlashID-Operation-ID" not in headers


def test_the_response_to_an_unexpected_error_does_not_name_it(client: TestClient[Litestar]) -> None:
    _, body, _ = response_to(client, ValueError("secret"))
    assert "secret" not in str(body)


def test_the_line_about_an_unexpected_error_has_its_route_and_not_its_path(client: TestClient[Litestar]) -> None:
    with capture_logs() as lines:
        response_to(client, ValueError("a fault"), path="/raises/me")
    (line,) = lines
    assert (line["event"], line["method"], line["route"]) == ("unexpected", "GET", "/raises/{who}")
    assert "/raises/me" not in {value for value in line.values() if isinstance(value, str)}


def test_503_has_retry_after_and_405_has_allow(client: TestClient[Litestar]) -> None:
    assert response_to(client, RegionUnavailable("x"))[2]["Retry-After"] == "1"
    assert response_to(client, MethodNotAllowedException(headers={"allow": "GET"}))[2]["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "error",
    [
        TimedOut(WAIT, operation_id=OPERATION_ID, is_committed=True, acknowledged=[US], pending=[EU]),
        TimedOut(WAIT, operation_id=OPERATION_ID, is_committed=False, acknowledged=[], pending=[US]),
        NotSeenInTime(["us-iowa"], timeout_seconds=1),
    ],
    ids=["committed", "unknown", "token"],
)
def test_every_408_has_retry_after_since_some_clients_otherwise_repeat_at_once(
    client: TestClient[Litestar], error: Exception
) -> None:
    code, _, headers = response_to(client, error)
    assert (code, headers["Retry-After"]) == (408, "1")


def test_the_error_about_an_unknown_route_names_at_most_200_characters_of_it(client: TestClient[Litestar]) -> None:
    code, body, _ = response_to(client, ValueError(), path="/" + "x" * 5_000)
    assert code == 404
    assert body["errors"][0]["message"] == "no such route: /" + "x" * 199


@pytest.mark.parametrize(
    ("is_committed", "state", "known"),
    [
        (True, "committed", "it is committed and will reach every region"),
        (False, "unknown", "the log did not answer, so it may still be committed"),
    ],
)
def test_408_has_what_is_known_of_the_write(
    client: TestClient[Litestar], *, is_committed: bool, state: str, known: str
) -> None:
    error = TimedOut(WAIT, operation_id=OPERATION_ID, is_committed=is_committed, acknowledged=[US], pending=[EU])
    code, body, headers = response_to(client, error)
    assert (code, headers["Location"]) == (408, f"/operations/{OPERATION_ID}")
    assert body == {
        "meta": {
            "consistency": {
                "required": "all_regions",
                "timeout_seconds": 2,
                "state": state,
                "acknowledged": ["us-iowa"],
                "pending": ["europe-belgium"],
            }
        },
        "errors": [
            {
                "httpcode": 408,
                "message": f"all_regions was not reached within 2 s: waiting for europe-belgium; {known}",
            }
        ],
    }
