"""Every kind of bad input gets the envelope, with the fault and the allowed values."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from core.catalogue import NAMES, TriggerType
from deploy.local import LocalRegion
from tests.contract.calls import (
    A_TRIGGER,
    WEBHOOKS,
    a_body,
    check_refused,
    in_pieces,
    newcomer,
    registered,
    triggers_of,
)
from tests.http_client import http_client

CONSISTENCY = "SlashID-Required-Consistency"
TIMEOUT = "SlashID-Required-Consistency-Timeout"
NOBODYS = "0190a0b0-0000-7000-8000-000000000000"


# The organization


@pytest.mark.parametrize("value", [None, "", "acme", "af5fbd30-7ce7-4548-8b30-4cd59cb2aba", "*", "\u00e9"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", WEBHOOKS),
        ("GET", WEBHOOKS),
        ("GET", f"{WEBHOOKS}/{NOBODYS}"),
        ("POST", triggers_of(NOBODYS)),
        ("GET", triggers_of(NOBODYS)),
        ("GET", f"{WEBHOOKS}/no-uuid"),
    ],
)
async def test_every_route_requires_an_organization_that_is_a_uuid(
    client: httpx.AsyncClient, method: str, path: str, value: str | None
) -> None:
    del client.headers["SlashID-OrgID"]
    headers = [] if value is None else [(b"SlashID-OrgID", value.encode("latin-1"))]
    answer = await client.request(method, path, headers=headers, json=a_body(**A_TRIGGER) if method == "POST" else None)
    check_refused(answer, 400, "header SlashID-OrgID: expected a UUID such as")


# Consistency

BAD_CONSISTENCY = ["", "all", "ALL_REGIONS", "Local_Region", "all_regions, local_region", "*", "0"]
BAD_TIMEOUT = ["", "0", "121", "-1", "+1", "1.5", "1e1", "30s", "thirty", "0x1", "1_0", "9" * 400]


@pytest.mark.parametrize("path", [WEBHOOKS, triggers_of(NOBODYS)])
@pytest.mark.parametrize("value", BAD_CONSISTENCY)
async def test_an_unknown_consistency_is_refused_with_the_known_ones(
    client: httpx.AsyncClient, path: str, value: str
) -> None:
    answer = await client.post(path, json=a_body(**A_TRIGGER), headers={CONSISTENCY: value})
    check_refused(answer, 400, f"header {CONSISTENCY}: expected one of local_region, all_regions")


@pytest.mark.parametrize("path", [WEBHOOKS, triggers_of(NOBODYS)])
@pytest.mark.parametrize("value", BAD_TIMEOUT)
async def test_a_timeout_other_than_an_integer_from_1_to_120_is_refused(
    client: httpx.AsyncClient, path: str, value: str
) -> None:
    answer = await client.post(path, json=a_body(**A_TRIGGER), headers={TIMEOUT: value})
    check_refused(answer, 400, f"header {TIMEOUT}: expected an integer from 1 to 120, in seconds")


@pytest.mark.parametrize("name", ["SlashID-OrgID", "SlashID-API-Key", CONSISTENCY, TIMEOUT])
async def test_a_header_given_twice_is_refused(client: httpx.AsyncClient, name: str) -> None:
    value = {CONSISTENCY: "all_regions", TIMEOUT: "5"}.get(name) or client.headers[name]
    usual = ("SlashID-OrgID", "SlashID-API-Key")
    others = [(header, client.headers[header]) for header in usual if header != name]
    async with http_client(client.base_url) as bare:
        answer = await bare.post(WEBHOOKS, json=a_body(), headers=[*others, (name, value), (name, value)])
    check_refused(answer, 400, f"header {name}: expected to be given once")


# Bodies

NO_OBJECTS: list[bytes] = [
    b"",
    b" ",
    b"null",
    b"5",
    b'"text"',
    b"[]",
    b"[{}]",
    b"true",
    b"{",
    b"{}}",
    b"{} {}",
    b"{'name': 'n'}",
    b"name=n&target_url=u",
    b"\xff\xfe\x00",
    b'{"name": "\xff"}',
    b'{"name": "\\ud800"}',
    b"{" * 30_000,
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b"NaN",
    b"\x00",
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("body", NO_OBJECTS, ids=lambda body: repr(body[:12]))
@pytest.mark.parametrize("route", ["webhooks", "triggers"])
async def test_a_body_other_than_a_json_object_is_refused(client: httpx.AsyncClient, route: str, body: bytes) -> None:
    path = WEBHOOKS if route == "webhooks" else triggers_of(NOBODYS)
    answer = await client.post(path, content=body, headers={"Content-Type": "application/json"})
    check_refused(answer, 400, "body: ")


LACKING: list[tuple[str, dict[str, Any], str]] = [
    ("webhooks", {}, "name"),
    ("webhooks", {"target_url": "https://example.com"}, "name"),
    ("webhooks", {"name": "n"}, "target_url"),
    ("triggers", {}, "trigger_type"),
    ("triggers", {"trigger_name": "PersonCreated_v1"}, "trigger_type"),
    ("triggers", {"trigger_type": "event"}, "trigger_name"),
]
WRONG_KIND: list[tuple[str, dict[str, Any], str]] = [
    ("webhooks", a_body(name=5), "name"),
    ("webhooks", a_body(name=None), "name"),
    ("webhooks", a_body(target_url=["https://example.com"]), "target_url"),
    ("webhooks", a_body(target_url=None), "target_url"),
    ("webhooks", a_body(timeout=10), "timeout"),
    ("webhooks", a_body(custom_headers={"X-A": "text"}), "custom_headers"),
    ("webhooks", a_body(custom_headers={"X-A": [1]}), "custom_headers"),
    ("triggers", {**A_TRIGGER, "trigger_type": 1}, "trigger_type"),
    ("triggers", {**A_TRIGGER, "trigger_name": None}, "trigger_name"),
]


@pytest.mark.parametrize(("route", "body", "field"), LACKING + WRONG_KIND)
async def test_a_missing_field_or_one_of_the_wrong_kind_is_named(
    client: httpx.AsyncClient, route: str, body: dict[str, Any], field: str
) -> None:
    path = WEBHOOKS if route == "webhooks" else triggers_of(await registered(client))
    check_refused(await client.post(path, json=body), 400, "body: ", field)


@pytest.mark.parametrize("value", ["", "Event", "webhook", "event ", "sync-hook", "event\x00", "x" * 10_000])
async def test_an_unknown_trigger_type_is_refused_with_the_known_ones(client: httpx.AsyncClient, value: str) -> None:
    body = {**A_TRIGGER, "trigger_type": value}
    answer = await client.post(triggers_of(await registered(client)), json=body)
    check_refused(answer, 400, "trigger_type: expected one of event, sync_hook")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("event", ""),
        ("event", "PersonCreated"),
        ("event", "personcreated_v1"),
        *(("event", name) for name in NAMES[TriggerType.SYNC_HOOK]),
        ("sync_hook", "unknown"),
        *(("sync_hook", name) for name in NAMES[TriggerType.EVENT]),
    ],
)
async def test_an_unknown_name_or_one_of_the_other_type_is_refused_with_those_of_its_type(
    client: httpx.AsyncClient, kind: str, name: str
) -> None:
    answer = await client.post(triggers_of(NOBODYS), json={"trigger_type": kind, "trigger_name": name})
    message = check_refused(answer, 400, f"trigger_name: for trigger_type {kind} expected one of ")
    assert message.split("one of ")[1].split(", ") == list(NAMES[TriggerType(kind)])


@pytest.mark.parametrize(
    "value",
    [
        "",
        "http://example.com",
        "ftp://example.com",
        "example.com",
        "//example.com",
        "https://",
        "https:///path",
        "https://localhost",
        "https://LOCALHOST:8443/",
        "https://app.localhost",
        "https://localhost.",
        "https://127.0.0.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://127.1",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]",
        "https://example.com?",
        "https://example.com/?a=b",
        "https://example.com#",
        "https://example.com/#part",
        "https://user@example.com",
        "https://user:password@example.com",
        "https://exa mple.com",
        "https://example.com/\n",
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:port",
        "https://ex\u00e4mple.com",
        "https://-a.example.com",
        "https://" + "a" * 64 + ".example.com",
        "https://" + "a." * 130 + "com",
        "https://a..example.com",
        "https://example.com\\@127.0.0.1",
        "https://example.com/%zz",
        "https://example.com/a|b",
    ],
)
async def test_an_invalid_target_url_is_refused_and_not_registered(client: httpx.AsyncClient, value: str) -> None:
    check_refused(await client.post(WEBHOOKS, json=a_body(target_url=value)), 400, "target_url: expected ")
    assert (await client.get(WEBHOOKS)).json()["result"] == []


@pytest.mark.parametrize(
    "value", ["10", "10 s", "-1s", "20.000000001s", "21s", "1h", "s", "1d", "1s1", "9" * 60 + "s", "0x1s", "1e1s"]
)
async def test_a_webhooks_timeout_out_of_range_is_refused_with_the_range(client: httpx.AsyncClient, value: str) -> None:
    answer = await client.post(WEBHOOKS, json=a_body(timeout=value))
    check_refused(answer, 400, 'timeout: expected a duration from "0s" to "20s"')


@pytest.mark.parametrize(
    "value",
    [
        {"": ["x"]},
        {"X A": ["x"]},
        {"X:A": ["x"]},
        {"X-\u00c4": ["x"]},
        {"X-A\n": ["x"]},
        {"X-A": ["x\r\nX-B: y"]},
        {"X-A": ["fine", "\x00"]},
        {"X-A": ["\x7f"]},
        {"X-A": [" x"]},
        {"X-A": ["x"], "x-a": ["y"]},
        {"Host": ["x"]},
        {"webhook-id": ["x"]},
        ["X-A"],
        [{}],
    ],
)
async def test_custom_headers_that_cannot_be_sent_are_refused(client: httpx.AsyncClient, value: object) -> None:
    check_refused(await client.post(WEBHOOKS, json=a_body(custom_headers=value)), 400, "custom_headers: expected ")


@pytest.mark.parametrize("value", ["", " ", "\t\n", "\u2003"])
async def test_a_blank_webhook_name_is_refused(client: httpx.AsyncClient, value: str) -> None:
    check_refused(await client.post(WEBHOOKS, json=a_body(name=value)), 400, "name: expected a name")


@pytest.mark.parametrize("route", ["webhooks", "triggers"])
@pytest.mark.parametrize("size", [65_537, 1_000_000])
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_over_64_kib_is_refused_with_and_without_a_declared_length(
    client: httpx.AsyncClient, route: str, size: int, *, is_chunked: bool
) -> None:
    path = WEBHOOKS if route == "webhooks" else triggers_of(NOBODYS)
    body = b'{"name": "' + b"x" * (size - 12) + b'"}'
    assert len(body) == size
    answer = await client.post(path, content=in_pieces(body) if is_chunked else body)
    check_refused(answer, 413, "body: expected at most 65536 bytes")


@pytest.mark.parametrize("coding", ["gzip", "identity, br", "x"])
async def test_an_encoded_body_is_answered_415_with_what_is_accepted(client: httpx.AsyncClient, coding: str) -> None:
    webhook = await registered(client)
    for method, path in (("POST", WEBHOOKS), ("PATCH", f"{WEBHOOKS}/{webhook}"), ("POST", triggers_of(webhook))):
        answer = await client.request(method, path, content=b"\x1f\x8b", headers={"Content-Encoding": coding})
        check_refused(answer, 415, "Content-Encoding", "identity")
        assert answer.headers["Accept-Encoding"] == "identity"
        stranger = {"Content-Encoding": coding, "SlashID-API-Key": "nobody's"}
        check_refused(await client.request(method, path, content=b"\x1f\x8b", headers=stranger), 401)


@pytest.mark.parametrize("coding", ["identity", "Identity", "", ", identity,"])
async def test_a_body_that_is_not_encoded_is_accepted_whatever_its_header(
    client: httpx.AsyncClient, coding: str
) -> None:
    answer = await client.post(WEBHOOKS, json=a_body(), headers={"Content-Encoding": coding})
    assert answer.status_code == 201


async def test_a_target_url_that_another_webhook_has_is_a_conflict(client: httpx.AsyncClient) -> None:
    body = a_body()
    await registered(client, target_url=body["target_url"])
    answer = await client.post(WEBHOOKS, json=body)
    check_refused(answer, 409, f"target_url: another webhook of this organization already uses {body['target_url']}")


# Missing resources


@pytest.mark.parametrize(
    "webhook_id",
    [NOBODYS, "no-uuid", "%00", "%ff", "%2e%2e", "*", "5", "x" * 2_000, NOBODYS.replace("-", ""), "\u00e9"],
)
async def test_a_missing_webhook_and_a_malformed_id_are_not_found(client: httpx.AsyncClient, webhook_id: str) -> None:
    for answer in (
        await client.get(f"{WEBHOOKS}/{webhook_id}"),
        await client.get(triggers_of(webhook_id)),
        await client.post(triggers_of(webhook_id), json=A_TRIGGER),
    ):
        check_refused(answer, 404, "webhook not found: ")


async def test_another_organizations_webhook_is_not_found_like_a_missing_one(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    stranger = await newcomer(region)
    for there, not_there in (
        [await client.get(f"{WEBHOOKS}/{name}", headers=stranger) for name in (webhook, NOBODYS)],
        [await client.get(triggers_of(name), headers=stranger) for name in (webhook, NOBODYS)],
        [await client.post(triggers_of(name), json=A_TRIGGER, headers=stranger) for name in (webhook, NOBODYS)],
    ):
        check_refused(there, 404, f"webhook not found: {webhook}")
        assert there.text.replace(webhook, NOBODYS) == not_there.text
    assert (await client.get(triggers_of(webhook))).json()["result"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/index.html",
        "/organizations",
        "/organizations/webhook",
        f"{WEBHOOKS}/{NOBODYS}/trigger",
        "/schemas",
        "/document",
        "/%ff",
        "/" + "x" * 5_000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_an_unknown_route_is_not_found_and_differs_from_an_unknown_webhook(
    client: httpx.AsyncClient, path: str, method: str
) -> None:
    check_refused(await client.request(method, path), 404, "no such route: /")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (WEBHOOKS, {"GET", "HEAD", "POST", "OPTIONS"}),
        (f"{WEBHOOKS}/{NOBODYS}", {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}),
        (triggers_of(NOBODYS), {"GET", "HEAD", "POST", "DELETE", "OPTIONS"}),
        ("/readyz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
async def test_a_wrong_method_is_refused_with_the_allowed_ones(
    client: httpx.AsyncClient, path: str, allowed: set[str], method: str
) -> None:
    if method in allowed:
        method = "PUT"
    answer = await client.request(method, path)
    check_refused(answer, 405, f"{method} is not allowed here; allowed: ")
    assert set(answer.headers["Allow"].split(", ")) == allowed


# The order of the checks


async def test_a_refused_request_has_no_effect(client: httpx.AsyncClient) -> None:
    for headers in ({CONSISTENCY: "all"}, {TIMEOUT: "0"}):
        check_refused(await client.post(WEBHOOKS, json=a_body(), headers=headers), 400)
    assert (await client.get(WEBHOOKS)).json()["result"] == []


async def test_refusals_in_between_do_not_hinder_other_requests(client: httpx.AsyncClient) -> None:
    bad = [client.post(WEBHOOKS, content=b"{" * 1_000) for _ in range(30)]
    good = [client.post(WEBHOOKS, json=a_body()) for _ in range(30)]
    answers = await asyncio.gather(*(request for pair in zip(bad, good, strict=True) for request in pair))
    assert [answer.status_code for answer in answers] == [400, 201] * 30


async def test_an_organization_id_is_taken_only_from_its_header(client: httpx.AsyncClient) -> None:
    del client.headers["SlashID-OrgID"]
    answer = await client.get(WEBHOOKS, params={"organization_id": str(uuid.uuid4()), "SlashID-OrgID": NOBODYS})
    check_refused(answer, 400, "header SlashID-OrgID")
