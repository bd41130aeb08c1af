"""A snapshot of lag as tables: laid out for a terminal, or as wide as need be."""

from collections.abc import Iterator
from typing import assert_never

from rich import box
from rich.table import Table
from rich.text import Text

from cli.lag.cells import Behind, Cell, Lacking, OtherLog, Snapshot, cell
from cli.lag.layout import CUT_OFF, INDENT, NARROW_GAP, NUMBER_WIDTH, REBUILDING, Layout, Names
from cli.lag.words import Cells, lines
from core.positions import Region

_HEADING_HEIGHT = 2
_BOUNDLESS = 1_000
"""Wider than any cell."""


def unbounded_table(snapshot: Snapshot) -> Table:
    """One line for each region, with every name and figure in full."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("region", no_wrap=True)
    for origin in snapshot.regions:
        table.add_column(origin, justify="right", no_wrap=True)
    for region in snapshot.regions:
        cells = [cell(snapshot, region=region, origin=origin) for origin in snapshot.regions]
        table.add_row(region, *(Text(", ".join(lines(shown, Cells.BESIDE, width=_BOUNDLESS))) for shown in cells))
    return table


def tables(snapshot: Snapshot, layout: Layout) -> Iterator[Table]:
    """One table, or one for each so many origins."""
    places = range(len(snapshot.regions))
    for first in places[:: layout.per_table]:
        yield _table(snapshot, layout, places[first : first + layout.per_table])


def height_max(snapshot: Snapshot, layout: Layout) -> int:
    """How many lines the tables have if every region is behind every origin."""
    rows = sum(_row_height_max(snapshot, region, layout) for region in snapshot.regions)
    return -(-len(snapshot.regions) // layout.per_table) * (_HEADING_HEIGHT + rows)


def _row_height_max(snapshot: Snapshot, region: Region, layout: Layout) -> int:
    applied = snapshot.applied.get(region)
    halted = applied is not None and not applied.halted.keys().isdisjoint(snapshot.regions)
    cells = (2 if layout.cells is Cells.STACKED else 1) + halted
    return max(cells, 1 + len(_statuses(snapshot, region)))


def _table(snapshot: Snapshot, layout: Layout, places: range) -> Table:
    """The columns of the origins at these places."""
    is_narrow = layout.gap == NARROW_GAP
    table = Table(
        box=box.MINIMAL if is_narrow else box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, layout.gap - 1),  # The box makes the rest of the gap.
    )
    table.add_column("region", no_wrap=True, width=layout.label_width)
    for place in places:
        heading = snapshot.regions[place] if layout.names is Names.AT_ROWS_AND_COLUMNS else str(place + 1)
        table.add_column(heading, justify="right", no_wrap=True, width=layout.cell_widths[place])
    for number, region in enumerate(snapshot.regions, start=1):
        cells = [
            _text(
                cell(snapshot, region=region, origin=snapshot.regions[place]),
                layout.cells,
                width=layout.cell_widths[place],
            )
            for place in places
        ]
        table.add_row(_label(snapshot, region, number, layout.names), *cells)
    return table


def _label(snapshot: Snapshot, region: Region, number: int, names: Names) -> Text:
    """The region's name or number, and on a line each what is the matter with it."""
    match names:
        case Names.AT_ROWS_AND_COLUMNS:
            label, indent = Text(region), INDENT
        case Names.AT_ROWS:
            label, indent = Text(f"{number:{NUMBER_WIDTH - 1}} {region}"), " " * NUMBER_WIDTH
        case Names.BELOW:
            label, indent = Text(f"{number:{NUMBER_WIDTH - 1}}"), ""
        case _:
            assert_never(names)
    for status in _statuses(snapshot, region):
        label.append(f"\n{indent}{status}", style="yellow")
    return label


def _statuses(snapshot: Snapshot, region: Region) -> list[str]:
    applied = snapshot.applied.get(region)
    is_rebuilding = applied is not None and not applied.is_current
    return [CUT_OFF] * (region in snapshot.cut) + [REBUILDING] * is_rebuilding


def _text(shown: Cell, cells: Cells, *, width: int) -> Text:
    said = lines(shown, cells, width=width)
    text = Text("\n".join(said), style=_style(shown))
    if shown.halted:
        text.stylize("bold red", 0, len(said[0]))
    return text


def _style(shown: Cell) -> str:
    match shown.lag:
        case Behind(events=0):
            return "green"
        case Behind():
            return "yellow"
        case OtherLog() | Lacking():
            return "bold red"
        case _:
            return "red"
