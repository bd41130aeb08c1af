"""A body that is not the one that its route takes is refused, with what was expected."""

import msgspec
import pytest

from service.http.json_body import InvalidBody, as_kind, document_in


class Body(msgspec.Struct, frozen=True):
    """A body with one member."""

    name: str


def read(body: bytes) -> Body:
    return as_kind(document_in(body), Body)


def test_a_body_with_its_members_is_read_and_other_members_do_not_count() -> None:
    assert read(b'{"name": "a", "other": {"name": 1}}') == Body("a")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", "expected a JSON object (Input data was truncated)"),
        (b'{"name": "a"} b', "expected a JSON object (JSON is malformed: trailing characters (byte 15))"),
        (b'{"name": "\xff"}', "expected a JSON object ('utf-8' codec can't decode"),
        (b"[" * 100_000, "expected a JSON object (maximum recursion depth exceeded"),
    ],
    ids=["half", "trailing", "no UTF-8", "deep"],
)
def test_what_is_no_json_is_refused_before_its_members_are_looked_at(body: bytes, expected: str) -> None:
    with pytest.raises(InvalidBody) as caught:
        document_in(body)
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "expected a JSON object, got nothing"),
        (b"null", "Expected `object`, got `null`"),
        (b"{}", "Object missing required field `name`"),
        (b'{"name": 1}', "name: Expected `str`, got `int`"),
    ],
)
def test_json_without_the_right_members_is_refused_with_the_name_of_one(body: bytes, expected: str) -> None:
    document = document_in(body)
    with pytest.raises(InvalidBody) as caught:
        as_kind(document, Body)
    assert str(caught.value) == expected
