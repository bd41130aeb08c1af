"""The rows that `crosshook lag` prints: one a region, with its worst cell first. Pure."""

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.text import Text

from cli.lag.words import badness, clock, in_words
from core.positions import Region
from service.dashboard.messages import Cell, Present, RegionRow, Urgency

_GAP = 2
_HEADING = "not applied: origin and lag, the worst first"
_COLUMNS_MIN = 20
"""The least width for lags beside the longest label. A narrower terminal breaks the lines itself."""

_STYLES = {Urgency.ALARM: "bold red", Urgency.WARNING: "yellow", Urgency.NOTE: "dim"}
_LEVELS = ("green", "cyan", "yellow", "bold red")

Lag = tuple[Region, Cell]
"""An origin, and the lag behind it."""


def lag_table(present: Present, *, columns: int | None) -> Group:
    """The present of a service as a table. Without `columns`, each region and each note is one whole line."""
    labels = {region.name: _label(region) for region in present.regions}
    width = max(map(len, [*labels.values(), "region"])) + _GAP
    room = None if columns is None else max(_COLUMNS_MIN, columns - width)
    seen = f"seen from {present.here}, by its process {present.process}, at {clock(present.at_milliseconds)} UTC"
    return Group(
        *_wrapped(seen, columns=columns, style="dim"),
        *_row("region", _HEADING, width=width, room=room, style="dim"),
        *(
            line
            for region, lags in _rows(present)
            for line in _row(labels[region], _in_room(lags, room), width=width, room=room, style=_style(lags))
        ),
        *_notes(present, columns=columns),
    )


def _row(label: str, text: str, *, width: int, room: int | None, style: str) -> Iterator[Text]:
    """One line. If `text` is longer than `room`, it takes several, with the label beside the first."""
    lines = [text] if room is None else textwrap.wrap(text, room, break_on_hyphens=False)
    for number, line in enumerate(lines):
        yield Text("" if number else label).append(" " * (width - (0 if number else len(label)))).append(line, style)


def _style(lags: Sequence[Lag]) -> str:
    kind, *_ = badness(lags[0][1])
    return _LEVELS[kind]


def _rows(present: Present) -> Iterator[tuple[Region, list[Lag]]]:
    """Each region in its place, with its cells from the worst to the best."""
    names = [region.name for region in present.regions]
    for row, region in enumerate(names):
        cells = present.cells[row * len(names) : (row + 1) * len(names)]
        yield region, sorted(zip(names, cells, strict=True), key=lambda lag: badness(lag[1]), reverse=True)


def _label(region: RegionRow) -> str:
    """A region's name, and the worst that is known of its state. The notes have the rest."""
    if region.since_milliseconds is not None:
        return f"{region.name}, not heard"
    if not region.has_own_nats:
        return f"{region.name}, without its NATS"
    if not region.is_current:
        return f"{region.name}, rebuilding"
    return f"{region.name}, joining" if region.state == "joining" else region.name


def _in_room(lags: Sequence[Lag], room: int | None) -> str:
    """The worst lag, and as many more as fit; then how many were left out. `0` if nothing is missing."""
    parts = [f"{origin}: {in_words(cell)}" for origin, cell in lags if not cell.is_complete]
    if not parts:
        return "0"
    if room is None:
        return "; ".join(parts)
    for shown in range(len(parts), 1, -1):
        more = len(parts) - shown
        line = "; ".join(parts[:shown]) + (f"; {more} more" if more else "")
        if len(line) <= room:
            return line
    return parts[0] + (f"; {len(parts) - 1} more" if len(parts) > 1 else "")


def _notes(present: Present, *, columns: int | None) -> Iterator[Text]:
    for note in present.notes:
        yield from _wrapped(f"{note.urgency}: {note.text}", columns=columns, style=_STYLES[note.urgency])


def _wrapped(text: str, *, columns: int | None, style: str) -> Iterator[Text]:
    """Lines that end between words. A region's name is one word."""
    if columns is None:
        yield Text(text, style=style)
        return
    for line in textwrap.wrap(text, max(1, columns), subsequent_indent="  ", break_on_hyphens=False):
        yield Text(line, style=style)
