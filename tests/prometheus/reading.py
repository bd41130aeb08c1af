"""The queries of docs/metrics.md, "How to read them"."""

import re

from tests.rules import ROOT

_TABLE = (ROOT / "docs" / "metrics.md").read_text().partition("## How to read them")[2].partition("\n## ")[0]
_CODE = re.compile(r"`([^`]*crosshook_[^`]*)`")
_COMPARISON = re.compile(r" == [01]$")
_NAME = re.compile(r"\w+")

READINGS = {
    f"{question} {number}": code
    for question, answer in re.findall(r"^\| ([^|]+\?) \| (.+) \|$", _TABLE, re.MULTILINE)
    for number, code in enumerate(_CODE.findall(answer), start=1)
    # A name alone may be a histogram's, which has no series of that name.
    if not _NAME.fullmatch(code)
}
"""Question and number -> its query."""

HALTED = "Which origin is halted where, and why? 1"
"""It has no series before the first halt."""


def without_comparison(query: str) -> str:
    """The left side of a comparison: it has data even while all is well."""
    return _COMPARISON.sub("", query)
