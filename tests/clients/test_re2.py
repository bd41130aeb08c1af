"""Every pattern of the document is one that RE2 takes, which is what clients in Go have."""

import jsonschema_rs
import pytest
import re2

from service.http import patterns
from tests.clients.document import texts_of

PATTERNS = sorted(set(texts_of("pattern")))
URLS = ["https://hooks.example.com/a%20b", "HTTPS://x.1a:0443/", "https://a..b", "https://localhost", "https://x/%zz"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_re2_takes_every_pattern(pattern: str) -> None:
    re2.compile(pattern)


def test_what_re2_does_not_take_is_noticed() -> None:
    for pattern in (r"(?!a)b", r"\u00b5"):
        with pytest.raises(re2.error):
            re2.compile(pattern)


@pytest.mark.parametrize("text", URLS)
def test_re2_reads_a_pattern_like_a_validator_does(text: str) -> None:
    for pattern in (patterns.TARGET_URL, patterns.NO_TARGET_URL):
        assert bool(re2.search(pattern, text)) == jsonschema_rs.is_valid({"type": "string", "pattern": pattern}, text)


@pytest.mark.parametrize(("text", "is_blank"), [("\u2003\u3000\t", True), ("\u2028", True), ("\u65e5", False)])
def test_re2_knows_white_space_beyond_ascii(text: str, *, is_blank: bool) -> None:
    assert (re2.search(patterns.NOT_BLANK, text) is None) == is_blank
