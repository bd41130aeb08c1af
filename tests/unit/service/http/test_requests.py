from typing import Any

import pytest
from litestar import Request

from core.consistency import Level
from core.positions import Epoch, Sequence
from core.tokens import Place, render_token
from service.http import requests
from service.http.headers import InvalidHeader
from service.request.context import WriteRequest
from service.request.scope import level_in
from tests.unit.service.http.asking import (
    ADMIN_KEY,
    ADMINISTRATORS,
    API_KEY,
    ARRIVAL,
    ORGANIZATION,
    a_request,
    read_request,
    write_request,
)


def wait(request: Request[Any, Any, Any]) -> Any:  # noqa: ANN401 - a wait
    return (write_request(request)).wait


def test_without_headers_a_request_waits_for_its_own_region_for_thirty_seconds() -> None:
    asked = wait(a_request())
    assert (asked.level, asked.timeout_seconds, asked.deadline) == (Level.LOCAL_REGION, 30, ARRIVAL + 30)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("seconds", [1, 2, 30, 119, 120])
def test_every_level_and_every_second_in_the_range_counts_from_the_arrival(level: Level, seconds: int) -> None:
    asked = wait(
        a_request(("SlashID-Required-Consistency", level), ("SlashID-Required-Consistency-Timeout", str(seconds)))
    )
    assert (asked.level, asked.timeout_seconds, asked.deadline) == (level, seconds, ARRIVAL + seconds)


@pytest.mark.parametrize("value", ["", "all", "ALL_REGIONS", "local-region", "all_regions,local_region", "\u00e9"])
def test_an_unknown_consistency_is_refused_with_the_known_ones(value: str) -> None:
    with pytest.raises(InvalidHeader) as caught:
        wait(a_request(("SlashID-Required-Consistency", value)))
    assert str(caught.value) == "header SlashID-Required-Consistency: expected one of local_region, all_regions"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "121",
        "-1",
        "+5",
        "1.0",
        "1e1",
        "0x10",
        "5s",
        "5 5",
        "five",
        "1_0",
        "\u00b2",
        "9" * 9,
        "9" * 5_000,
        "5\n",
    ],
)
def test_a_timeout_that_is_not_an_integer_in_the_range_is_refused_with_the_range(value: str) -> None:
    with pytest.raises(InvalidHeader) as caught:
        wait(a_request(("SlashID-Required-Consistency-Timeout", value)))
    expected = "header SlashID-Required-Consistency-Timeout: expected an integer from 1 to 120, in seconds"
    assert str(caught.value) == expected


def test_a_write_whose_timeout_is_refused_is_counted_under_its_level() -> None:
    request = a_request(("SlashID-Required-Consistency", "all_regions"), ("SlashID-Required-Consistency-Timeout", "0"))
    with pytest.raises(InvalidHeader):
        write_request(request)
    assert level_in(request.scope) is Level.ALL_REGIONS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SlashID-OrgID", ORGANIZATION),
        ("SlashID-API-Key", API_KEY),
        ("SlashID-Required-Consistency", "all_regions"),
        ("SlashID-Required-Consistency-Timeout", "5"),
        ("SlashID-Consistency-Token", "1."),
        ("Idempotency-Key", "k"),
    ],
)
def test_a_repeated_header_is_refused_even_if_both_values_are_equal(name: str, value: str) -> None:
    with pytest.raises(InvalidHeader, match=f"^header {name}: expected to be given once"):
        write_request(a_request((name, value), (name, value)))


def test_the_administrator_has_idempotency_keys_like_any_client() -> None:
    shown = ("Authorization", f"Bearer {ADMIN_KEY}")

    def admin_write_request(*headers: tuple[str, str]) -> WriteRequest:
        request = a_request(shown, *headers)
        return requests.write_request(request, ADMINISTRATORS.identify(request))

    assert admin_write_request().idempotency_key is None
    first, again = [(admin_write_request(("Idempotency-Key", "k"))).idempotency_key for _ in range(2)]
    assert first == again is not None
    with pytest.raises(InvalidHeader, match="Idempotency-Key"):
        admin_write_request(("Idempotency-Key", "a b"))


def test_a_request_has_its_token_and_an_invalid_token_is_refused() -> None:
    token = {"e63ac2": Place(Epoch("k3v9x2"), Sequence(7))}
    request = a_request(("SlashID-Consistency-Token", render_token(token)))
    assert read_request(request).asked == token
    for bad in ("", "2.", "1", "1.A", render_token(token) + "A", "1." + "A" * 600):
        with pytest.raises(
            InvalidHeader, match=r"^header SlashID-Consistency-Token: expected the value of this header"
        ):
            read_request(a_request(("SlashID-Consistency-Token", bad)))


def keyed(value: str, **request: Any) -> WriteRequest:  # noqa: ANN401 - whatever a request takes
    return write_request(a_request(("Idempotency-Key", value), **request))


def test_a_request_without_the_header_has_no_idempotency_key() -> None:
    assert write_request(a_request()).idempotency_key is None


@pytest.mark.parametrize("value", ["", " ", "a b", "\u00e9", "k" * 256, "a\tb"])
def test_an_invalid_idempotency_key_is_refused(value: str) -> None:
    with pytest.raises(InvalidHeader, match=r"^header Idempotency-Key: expected 1 to 255 printable"):
        keyed(value)


def test_the_same_json_written_in_another_way_is_the_same_payload() -> None:
    first = keyed("k", body=b'{"name": "a", "timeout": "1s"}')
    assert first.idempotency_key == (keyed("k", body=b'{"timeout":"1s",\n"name":"\\u0061"}')).idempotency_key


@pytest.mark.parametrize(
    "changed",
    [
        {"body": b'{"name": "b"}'},
        {"body": b"not json"},
        {"body": b"\xff"},
        {"path": "/organizations/webhooks?trigger_name=a"},
    ],
)
def test_another_payload_under_the_same_idempotency_key_has_another_fingerprint(changed: dict[str, Any]) -> None:
    first, second = (
        (keyed("k", body=b'{"name": "a"}')).idempotency_key,
        (keyed("k", **changed)).idempotency_key,
    )
    assert first is not None
    assert second is not None
    assert first.key == second.key
    assert first.payload != second.payload


@pytest.mark.parametrize("changed", [{"method": "PATCH"}, {"path": "/organizations/webhooks/x"}])
def test_an_idempotency_key_depends_on_the_method_and_the_path(changed: dict[str, Any]) -> None:
    first, second = (keyed("k")).idempotency_key, (keyed("k", **changed)).idempotency_key
    assert first is not None
    assert second is not None
    assert first.key != second.key


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        ([], "f500659e631634bd"),
        ([("If-Match", '"a", "b"')], "30606cd26bfca227"),
        ([("If-Match", '"a"'), ("If-Match", '"b"')], "30606cd26bfca227"),
    ],
)
def test_the_fingerprints_are_those_of_earlier_versions(headers: list[tuple[str, str]], payload: str) -> None:
    request = a_request(("Idempotency-Key", "k"), *headers, body=b'{"name": "a"}')
    idempotency_key = (write_request(request)).idempotency_key
    assert idempotency_key is not None
    assert (idempotency_key.key, idempotency_key.payload) == ("44fcfc55f753bec19303bf0648a92992", payload)


def test_if_none_match_is_part_of_the_payload() -> None:
    payloads = {
        idempotency_key.payload
        for headers in ([], [("If-None-Match", "*")], [("If-None-Match", '"a"')], [("If-Match", "*")])
        if (idempotency_key := (write_request(a_request(("Idempotency-Key", "k"), *headers))).idempotency_key)
        is not None
    }
    assert len(payloads) == 4


def test_an_idempotency_key_depends_on_the_organization_and_its_payload_on_if_match() -> None:
    first = (keyed("k")).idempotency_key
    elsewhere = a_request(("Idempotency-Key", "k"), ("SlashID-OrgID", "af5fbd30-7ce7-4548-8b30-4cd59cb2aba2"))
    matching = a_request(("Idempotency-Key", "k"), ("If-Match", '"a"'))
    others = [(write_request(request)).idempotency_key for request in (elsewhere, matching)]
    assert first is not None
    assert [other is not None and (other.key == first.key, other.payload == first.payload) for other in others] == [
        (False, True),
        (True, False),
    ]
