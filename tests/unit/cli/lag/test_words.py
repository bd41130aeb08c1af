"""A cell has words for every width."""

from itertools import product

import pytest

from cli.lag.cells import AppliedUnknown, Behind, Cell, EndUnknown, Lacking, Lag, OtherLog, Unknown
from cli.lag.words import WIDTH_MAX, WIDTHS_MIN, Cells, lines
from core.positions import Sequence
from tests.unit.cli.printed_lag import may_say

COUNTS = (1, 999, 9_999, 99_999, 999_999, 1_345_678, 999_999_999, 2**64 - 1)
AGES_SECONDS = (None, 0.0, 9.9, 119.9, 5_999.0, 35_999.0, 172_799.0, 863_999.0, 86_399_999.0, 3e9)
LAGS: list[Lag] = [
    *(Behind(events=events, seconds=seconds) for events, seconds in product(COUNTS, AGES_SECONDS)),
    *(EndUnknown(applied=Sequence(number)) for number in (0, *COUNTS)),
    *(AppliedUnknown(end=Sequence(number)) for number in (0, *COUNTS)),
    *(Lacking(events=events) for events in COUNTS),
    Behind(events=0, seconds=0.0),
    Unknown(),
    OtherLog(),
]


@pytest.mark.parametrize("cells", Cells)
@pytest.mark.parametrize("halted", ["", "epoch_changed: the log has epoch b, and a was read"])
def test_everything_that_there_is_to_say_fits_into_every_width_that_a_cell_can_have(cells: Cells, halted: str) -> None:
    for lag in LAGS:
        shown = Cell(lag=lag, halted=halted)
        true = list(may_say(shown, has_ages=cells is not Cells.EVENTS))
        for width in range(WIDTHS_MIN[cells], WIDTH_MAX + 1):
            said = lines(shown, cells, width=width)
            assert said in true
            assert max(map(len, said)) <= width


@pytest.mark.parametrize(
    ("lag", "cells", "width", "said"),
    [
        (Behind(events=12_345_678, seconds=99_960.0), Cells.BESIDE, 28, ["12345678 events, 27 h 46 min"]),
        (Behind(events=12_345_678, seconds=99_960.0), Cells.BESIDE, 27, ["12345678 events, 27 h"]),
        (Behind(events=12_345_678, seconds=99_960.0), Cells.BESIDE, 20, ["12 M events, 27 h"]),
        (Behind(events=12_345_678, seconds=99_960.0), Cells.BESIDE, 19, ["12345678, 27 h"]),
        (Behind(events=12_345_678, seconds=99_960.0), Cells.BESIDE, 13, ["12 M, 27 h"]),
        (Behind(events=12_345_678, seconds=99_960.0), Cells.STACKED, 12, ["12 M events", "27 h 46 min"]),
        (Behind(events=12_345_678, seconds=99_960.0), Cells.STACKED, 6, ["12 M", "27 h"]),
        (Behind(events=1, seconds=0.3), Cells.BESIDE, 20, ["1 event, 0.3 s"]),
        (Behind(events=1, seconds=None), Cells.STACKED, 6, ["1", "age ?"]),
        (EndUnknown(applied=Sequence(1_345_678)), Cells.STACKED, 13, ["at 1.3 M of ?"]),
        (EndUnknown(applied=Sequence(1_345_678)), Cells.STACKED, 6, ["1.3 M", "of ?"]),
        (AppliedUnknown(end=Sequence(1_345_678)), Cells.STACKED, 10, ["? of 1.3 M"]),
        (AppliedUnknown(end=Sequence(1_345_678)), Cells.STACKED, 6, ["? of", "1.3 M"]),
        (AppliedUnknown(end=Sequence(0)), Cells.EVENTS, 6, ["?"]),
        (Lacking(events=7), Cells.BESIDE, 28, ["lacks 7 events"]),
        (Lacking(events=7), Cells.STACKED, 7, ["lacks 7"]),
        (Lacking(events=1_345_678), Cells.STACKED, 6, ["lacks", "1.3 M"]),
        (Lacking(events=1_345_678), Cells.EVENTS, 6, ["lacks"]),
    ],
)
def test_a_line_says_as_much_as_has_room(lag: Lag, cells: Cells, width: int, said: list[str]) -> None:
    assert lines(Cell(lag=lag), cells, width=width) == said
