"""What `crosshook lag` shows: the table, what it means, and what it has no room for."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.console import Group
from rich.text import Text

from cli.lag.cells import Snapshot
from cli.lag.layout import GAP, NUMBER_WIDTH, Layout, Names, layouts
from cli.lag.notes import notes
from cli.lag.table import height_max, tables, unbounded_table
from cli.lag.words import Cells
from core.positions import Region

_EXPLANATION = "Row: region. Column: origin. Events not applied there, and the oldest one's age."
_WITHOUT_AGES = "Row: region. Column: origin. Events not applied there; no lines left for ages."


class Terminal(msgspec.Struct, frozen=True):
    """How wide a terminal is, and how high, or None where what is shown may scroll."""

    columns: int
    lines: int | None = None


def lag_view(snapshot: Snapshot, terminal: Terminal | None) -> Group:
    """As much as has room in `terminal`; without one everything in full, and each region and note on one line."""
    if terminal is None:
        return Group(unbounded_table(snapshot), *_dim([_EXPLANATION]), *_loud(notes(snapshot)))
    layout = _layout(snapshot, terminal)
    return Group(
        *tables(snapshot, layout),
        *_dim(_explanation(snapshot, layout, columns=terminal.columns)),
        *_loud(_notes(snapshot, columns=terminal.columns)),
    )


def _layout(snapshot: Snapshot, terminal: Terminal) -> Layout:
    """The first that fits, whatever the figures become; and if none does, the one with the fewest lines."""
    below = len(_notes(snapshot, columns=terminal.columns))
    possible = [
        (height_max(snapshot, layout) + len(_explanation(snapshot, layout, columns=terminal.columns)) + below, layout)
        for layout in layouts(snapshot.regions, columns=terminal.columns)
    ]
    for height, layout in possible:
        if terminal.lines is None or height <= terminal.lines:
            return layout
    return min(possible, key=lambda one: one[0])[1]


def _explanation(snapshot: Snapshot, layout: Layout, *, columns: int) -> list[str]:
    legend = ["", *_legend(snapshot.regions, columns=columns)] if layout.names is Names.BELOW else []
    return legend + _wrapped(_WITHOUT_AGES if layout.cells is Cells.EVENTS else _EXPLANATION, columns=columns)


def _legend(regions: Sequence[Region], *, columns: int) -> list[str]:
    """The regions' numbers and names, in as many columns as have room, each to be read downwards."""
    width = NUMBER_WIDTH + max(map(len, regions), default=0)
    beside_each_other = max(1, (columns + GAP) // (width + GAP))
    height = -(-len(regions) // beside_each_other)
    entries = [f"{number:{NUMBER_WIDTH - 1}} {name}".ljust(width) for number, name in enumerate(regions, start=1)]
    return [(" " * GAP).join(entries[line::height]).rstrip() for line in range(height)]


def _notes(snapshot: Snapshot, *, columns: int) -> list[str]:
    return [line for note in notes(snapshot) for line in _wrapped(note, columns=columns)]


def _wrapped(text: str, *, columns: int) -> list[str]:
    """Lines that end between words, of which a region's name is one."""
    return textwrap.wrap(text, max(1, columns), subsequent_indent="  ", break_on_hyphens=False)


def _dim(lines: Iterable[str]) -> Iterator[Text]:
    return (Text(line, style="dim") for line in lines)


def _loud(lines: Iterable[str]) -> Iterator[Text]:
    return (Text(line, style="bold red") for line in lines)
