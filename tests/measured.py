"""Figures that a test cannot be wrong about: a run ends with them."""

from collections.abc import Iterable, Iterator

import pytest

MEASURED = "measured"
"""The property under which a test records one, as a line."""


def lines(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    """Every figure of these tests."""
    return (f"{MEASURED}: {line}" for report in reports for name, line in report.user_properties if name == MEASURED)
