"""Entity tags and what they are compared with (RFC 9110, 8.8.3 and 13)."""

import time

import pytest

from core.preconditions import ANY, InvalidTags, Preconditions, Unmet, tags_in


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("*", ANY),
        (" * ", ANY),
        ('"a"', ('"a"',)),
        ('"a","b"', ('"a"', '"b"')),
        ('W/"a"\t , "b,c" ,', ('W/"a"', '"b,c"')),
        (', ,"a",, "" ', ('"a"', '""')),
        ('"W/"', ('"W/"',)),
        ('"\xe9"', ('"\xe9"',)),
        ("", ()),
        (" , ,", ()),
    ],
)
def test_a_list_of_tags_may_have_empty_elements(text: str, tags: tuple[str, ...]) -> None:
    assert tags_in(text) == tags


@pytest.mark.parametrize(
    "text", ["a", '"a', 'a"', '"a" "b"', '"a"b', 'w/"a"', "W/a", '*, "a"', "*, *", '"a b"', '"\n"', "'a'"]
)
def test_a_malformed_list_of_tags_is_refused(text: str) -> None:
    with pytest.raises(InvalidTags):
        tags_in(text)


def test_a_malformed_list_is_refused_in_time_linear_in_its_length() -> None:
    """A blank matches one part of the pattern only. Otherwise refusing a list would take exponential time."""
    began = time.monotonic()
    with pytest.raises(InvalidTags):
        tags_in(" \t ,  " * 10_000 + "x")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "etag", "unmet"),
    [
        (None, None, "a", None),
        (None, None, None, None),
        (ANY, None, "a", None),
        (ANY, None, None, None),
        (('"b"', '"a"'), None, "a", None),
        (('"b"',), None, "a", Unmet.CHANGED),
        ((), None, "a", Unmet.CHANGED),
        (('"b"', 'W/"a"'), None, "a", Unmet.WEAKENED),
        (('W/"b"',), None, "a", Unmet.CHANGED),
        (('W/"a"', '"a"'), None, "a", None),
        (('"a"',), None, None, Unmet.UNTAGGED),
        ((), None, None, Unmet.UNTAGGED),
        (None, ANY, "a", Unmet.MATCHED),
        (None, ANY, None, Unmet.MATCHED),
        (None, ('"a"',), "a", Unmet.MATCHED),
        (None, ('W/"a"',), "a", Unmet.MATCHED),
        (None, ('"b"', 'W/"c"'), "a", None),
        (None, ('"a"',), None, None),
        (None, (), "a", None),
        (('"b"',), ('"a"',), "a", Unmet.CHANGED),
        (('"a"',), ('"a"',), "a", Unmet.MATCHED),
        (('"a"',), ('"b"',), "a", None),
    ],
)
def test_if_match_compares_strongly_if_none_match_weakly_and_both_must_hold(
    if_match: tuple[str, ...] | None, if_none_match: tuple[str, ...] | None, etag: str | None, unmet: Unmet | None
) -> None:
    assert Preconditions(if_match, if_none_match).unmet(etag) is unmet
