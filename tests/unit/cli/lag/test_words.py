"""What is known of a lag is printed, and what is not known is never a number."""

import pytest

from cli.lag.words import badness, in_words
from service.dashboard.messages import Cell
from service.lag.matrix import Certainty
from tests.unit.cli.lag.shown import ALL, SINCE, UNKNOWN, at_most, exact

CASES = [
    (ALL, "0"),
    (exact(1, 300), "1 event, 0.3 s"),
    (exact(262, 14_400), "262 events, 14.4 s"),
    (exact(12_345_678, 99_960_000), "12345678 events, 27 h 46 min"),
    (exact(5), "5 events, age ?"),
    (at_most(3, 2_100), "≤ 3 events, ≤ 2.1 s"),
    (at_most(3), "≤ 3 events, age ?"),
    (Cell(4, 9_000, Certainty.AT_LEAST, SINCE, ""), "≥ 4 events, ≥ 9.0 s"),
    (UNKNOWN, "? since 11:59:48"),
    (Cell(4, 9_000, Certainty.LAST_HEARD, SINCE, ""), "? since 11:59:48"),
    (Cell(None, None, Certainty.NEVER_HEARD, SINCE, ""), "? never heard"),
    (Cell(None, None, Certainty.OTHER_LOG, None, ""), "≠ another log"),
    (exact(10, halted="forked"), "10 events, age ? halted (forked)"),
]


@pytest.mark.parametrize(("cell", "words"), CASES)
def test_a_lag_is_what_is_known_of_it(cell: Cell, words: str) -> None:
    assert in_words(cell) == words


def test_a_region_at_the_end_of_a_halted_log_is_not_complete() -> None:
    assert in_words(exact(0, 0, halted="forked")) == "? halted (forked)"
    assert not exact(0, 0, halted="forked").is_complete


@pytest.mark.parametrize("certainty", [one for one in Certainty if one is not Certainty.EXACT])
def test_no_uncertain_lag_is_zero(certainty: Certainty) -> None:
    for events in (None, 0):
        cell = Cell(events, None, certainty, SINCE, "")
        assert in_words(cell) != "0"
        assert not cell.is_complete


def test_the_worst_cells_are_halted_ones_then_the_oldest_then_the_unknown_ones() -> None:
    worst_first = [exact(0, 0, halted="forked"), exact(2, 9_001), at_most(3, 9_000), exact(900, 40), UNKNOWN, ALL]
    assert sorted(worst_first, key=badness) == worst_first[::-1]
