"""How the table of lag is laid out, so that no line of it is longer than the terminal is wide. Pure.

This depends on the regions' names and on the terminal, and not on the figures: a table that somebody looks at
does not move because one of them grows.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import assert_never

import msgspec

from cli.lag.words import WIDTH_MAX, WIDTHS_MIN, Cells
from core.positions import Region

CUT_OFF, REBUILDING = "cut off", "rebuilding"
"""What can stand below a region's name, and has its place where it does not."""

INDENT = "  "
"""Before these, where a name stands above them."""

NUMBER_WIDTH = 3
"""Of a region's number, and the space after it."""

GAP, NARROW_GAP = 2, 1
"""Between columns. The narrow one is a line: figures are not to be taken for their neighbours' units."""


class Names(Enum):
    """Where the regions' names stand."""

    AT_ROWS_AND_COLUMNS = auto()
    AT_ROWS = auto()
    """The columns have the rows' numbers."""

    BELOW = auto()
    """Rows and columns have numbers, which a legend explains."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Widths are in characters. There is a cell width for each origin, and `per_table` origins have one table."""

    names: Names
    cells: Cells
    label_width: int
    cell_widths: Sequence[int]
    gap: int
    per_table: int


def layouts(regions: Sequence[Region], *, columns: int) -> Sequence[Layout]:
    """At least one that fits into so many columns, what reads best first. Names are given up before ages are."""
    in_full = [(names, cells) for names in Names for cells in (Cells.BESIDE, Cells.STACKED)]
    without_ages = [(names, Cells.EVENTS) for names in Names]
    found = [
        layout
        for names, cells in in_full + without_ages
        if (layout := _in_one_table(regions, names, cells, columns=columns)) is not None
    ]
    return found or [_in_several_tables(regions, cells, columns=columns) for cells in (Cells.STACKED, Cells.EVENTS)]


def _in_one_table(regions: Sequence[Region], names: Names, cells: Cells, *, columns: int) -> Layout | None:
    headings = [len(name) if names is Names.AT_ROWS_AND_COLUMNS else NUMBER_WIDTH for name in regions]
    label_width = _label_width(regions, names)
    for gap in (GAP, NARROW_GAP):
        for cell_width in range(WIDTH_MAX, WIDTHS_MIN[cells] - 1, -1):
            widths = [max(cell_width, heading) for heading in headings]
            if label_width + sum(widths) + gap * len(widths) <= columns:
                return Layout(
                    names=names,
                    cells=cells,
                    label_width=label_width,
                    cell_widths=widths,
                    gap=gap,
                    per_table=max(1, len(regions)),
                )
    return None


def _in_several_tables(regions: Sequence[Region], cells: Cells, *, columns: int) -> Layout:
    """One below the other, where the terminal is narrower than what ten regions need."""
    label_width, width = _label_width(regions, Names.BELOW), WIDTHS_MIN[cells]
    return Layout(
        names=Names.BELOW,
        cells=cells,
        label_width=label_width,
        cell_widths=[width] * len(regions),
        gap=NARROW_GAP,
        per_table=max(1, (columns - label_width) // (width + NARROW_GAP)),
    )


def _label_width(regions: Sequence[Region], names: Names) -> int:
    longest = max(map(len, regions), default=0)  # A topology's only region can be retired.
    match names:
        case Names.AT_ROWS_AND_COLUMNS:
            return max(longest, len(INDENT + REBUILDING))
        case Names.AT_ROWS:
            return NUMBER_WIDTH + max(longest, len(REBUILDING))
        case Names.BELOW:
            return len(REBUILDING)
        case _:
            assert_never(names)
