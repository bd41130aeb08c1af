"""The patterns of the document allow what the code that checks the fields accepts."""

from collections.abc import Callable
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core import fields
from core.durations import render
from core.fields import HeaderLimits, InvalidField
from core.preconditions import InvalidTags, tags_in
from service.http.identifiers import uuid_in
from service.openapi.json_schema import Json
from service.openapi.parameters import PARAMETERS
from service.openapi.schemas import schemas

SCHEMAS: Json = schemas(HeaderLimits())
WEBHOOK: Json = SCHEMAS["WebhookBody"]["properties"]
TIMEOUT: Json = SCHEMAS["Webhook"]["properties"]["timeout"]
LABELS = st.sampled_from(
    [*"a A-b -a a- _ a_b xn--a 1 0x 0X7f 0x7g localhost LOCALhost é %41 \u0661".split(), "", "a" * 63, "a" * 64]
)
URLS = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["https://", "HTTPS://", "hTtps://", "http://", "https:/", "https:", "", " https://"]),
    st.sampled_from(["", "", "", "user@", "user:secret@", "[", "@"]),
    st.lists(LABELS, max_size=5).map(".".join),
    st.sampled_from(["", "", ".", ".."]),
    st.sampled_from(["", "", ":", ":0", ":00", ":1", ":080", ":65535", ":65536", ":99999", ":a", ":-1", ":1:2", "]"]),
    st.sampled_from(
        [
            "",
            "",
            "/",
            "/a/b;c=d/%20",
            "/a?b",
            "/#",
            "?",
            "\\",
            "/ ",
            "/\n",
            "\n",
            "/é",
            "/[x]",
            "/:1",
            "//a@b",
            "/%2",
            "/%2g",
            "/%2F%7e",
        ]
    ),
)
NUMBERS = st.sampled_from(
    "0 1 9 19 20 21 0.5 .5 5. . 19.9 20.0 20.1 20000 20001 20000000 20000001 20000000000 20000000001 00".split()
)
UNITS = ["ns", "us", "\xb5s", "\u03bcs", "ms", "s"]
SIGNS = st.sampled_from(["", "", "+", "-", " "])
DURATIONS = st.lists(
    st.builds("{}{}".format, NUMBERS, st.sampled_from([*UNITS, "m", "h", "", "S", "d", " s"])), min_size=1, max_size=2
)
HEADER_TEXTS = st.text(st.sampled_from("aZ0-_:;, \t\n\r\x00\x1f\x7f\x80é\U0010ffff\"()/~!#$%&'*+.^`|"), max_size=6)


def is_taken(check: Callable[[str], object], text: str) -> bool:
    try:
        check(text)
    except (InvalidField, InvalidTags):
        return False
    return True


@given(URLS)
def test_a_target_url_matches_if_and_only_if_it_is_accepted(url: str) -> None:
    assert jsonschema_rs.is_valid(WEBHOOK["target_url"], url) == is_taken(fields.target_url, url)


def test_a_change_may_leave_every_field_alone_with_null() -> None:
    for field, schema in SCHEMAS["WebhookChanges"]["properties"].items():
        assert jsonschema_rs.is_valid(schema, None), field


@given(st.integers(230, 260).map(lambda length: "https://" + "a." * (length // 2) + "a" * (length % 2 or 2)))
def test_a_long_host_name_matches_if_and_only_if_it_is_accepted(url: str) -> None:
    assert jsonschema_rs.is_valid(WEBHOOK["target_url"], url) == is_taken(fields.target_url, url)


@given(st.text(st.sampled_from("a\t\x0b\x1c\x1f \x85\xa0\u1680\u200a\u200b\u2028\u202f\u205f\u3000\ufeff"), max_size=3))
def test_a_name_matches_if_and_only_if_it_is_accepted(name: str) -> None:
    assert jsonschema_rs.is_valid(WEBHOOK["name"], name) == is_taken(fields.name, name)


@pytest.mark.parametrize("name", ["\x7f", "\x80", "\u2027", "\u202a"])
def test_a_name_of_control_and_format_characters_is_accepted_and_does_not_match(name: str) -> None:
    assert is_taken(fields.name, name)
    assert not jsonschema_rs.is_valid(WEBHOOK["name"], name)
    assert jsonschema_rs.is_valid(WEBHOOK["name"], f"{name}a")


def test_every_white_space_of_unicode_is_blank() -> None:
    blank = {chr(point) for point in range(0x110000) if chr(point).isspace()}
    assert not any(jsonschema_rs.is_valid(WEBHOOK["name"], character) for character in blank)


@given(st.builds("{}{}".format, SIGNS, DURATIONS.map("".join)) | st.text("0129.smn\n+-", max_size=6))
def test_a_timeout_that_matches_is_accepted(timeout: str) -> None:
    if jsonschema_rs.is_valid(TIMEOUT, timeout):
        assert is_taken(fields.timeout, timeout)


def test_only_a_request_has_an_empty_timeout() -> None:
    assert jsonschema_rs.is_valid(WEBHOOK["timeout"], "")
    assert not jsonschema_rs.is_valid(TIMEOUT, "")


@pytest.mark.parametrize("unit", UNITS)
@given(
    st.integers(0, 25_000_000_000),
    st.sampled_from(["", ".", ".5", ".0", ".000000001"]),
    st.sampled_from(["", "+", " "]),
)
def test_a_timeout_in_one_unit_matches_if_and_only_if_it_is_accepted(
    unit: str, whole: int, fraction: str, sign: str
) -> None:
    is_all_there_may_be = is_taken(fields.timeout, f"{whole}{unit}") and not is_taken(
        fields.timeout, f"{whole + 1}{unit}"
    )
    # The maximum plus a part of a nanosecond is accepted and does not match.
    assume(not is_all_there_may_be or (unit != "ns" and fraction != ".000000001") or unit == "s")
    timeout = f"{sign}{whole}{fraction}{unit}"
    assert jsonschema_rs.is_valid(TIMEOUT, timeout) == is_taken(fields.timeout, timeout)


@given(st.integers(0, fields.TIMEOUT_MAX_NANOSECONDS))
def test_a_timeout_in_a_response_matches(nanoseconds: int) -> None:
    assert jsonschema_rs.is_valid(TIMEOUT, render(nanoseconds))


@given(HEADER_TEXTS, st.lists(HEADER_TEXTS, max_size=2))
def test_custom_headers_match_if_and_only_if_they_are_accepted(name: str, values: list[str]) -> None:
    taken = is_taken(lambda name: fields.custom_headers({name: values}), name)
    assert jsonschema_rs.is_valid(WEBHOOK["custom_headers"], {name: values}) == taken


RESERVED = ["te", "host", "Connection", "Proxy-", "proxy-x", "webhook-id", "webhooks-id", "content-type", "x-te"]


@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_header_matches_if_and_only_if_it_is_accepted(name: str) -> None:
    taken = is_taken(lambda name: fields.custom_headers({name: []}), name)
    assert jsonschema_rs.is_valid(WEBHOOK["custom_headers"], {name: []}) == taken


@given(st.text(st.sampled_from('"*, -+!#~axW/'), max_size=8))
def test_entity_tags_match_if_and_only_if_they_are_accepted(text: str) -> None:
    assume(text == text.strip())  # The value of a header has no blanks at its ends.
    for name in ("if_match", "if_none_match"):
        assert jsonschema_rs.is_valid(PARAMETERS[name]["schema"], text) == is_taken(tags_in, text)


@pytest.mark.parametrize(
    "text", [str(UUID(int=1)), str(UUID(int=2**128 - 1)).upper(), UUID(int=1).hex, "1-2-3-4-5", ""]
)
def test_a_uuid_matches_if_and_only_if_it_is_accepted(text: str) -> None:
    taken = uuid_in(text) is not None
    assert jsonschema_rs.is_valid(PARAMETERS["organization"]["schema"], text) == taken
