"""A snapshot of lag, as a table with notes."""

from typing import assert_never

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli.figures import duration
from cli.lag_cells import AppliedUnknown, Behind, Cell, EndUnknown, Lag, OtherLog, Snapshot, Unknown, cell, notes
from core.positions import Region

_NAMED_COLUMNS_MAX = 4
"""With more regions than this the columns are numbered like the rows, and a cell has numbers only."""

_CELL_WIDTH = 16
_STEADY_COLUMNS_MAX = 3
"""So many columns are wide enough at once for what they usually hold, and do not move; they fit into 80 characters."""

_EXPLANATION = "Row: region. Column: origin. Events not applied there, and the oldest one's age."


def lag_view(snapshot: Snapshot) -> Group:
    """The table, what it means, and what it has no room for."""
    return Group(
        _table(snapshot),
        Text(_EXPLANATION, style="dim"),
        *(Text(note, style="bold red") for note in notes(snapshot)),
    )


def _table(snapshot: Snapshot) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    is_wide = len(snapshot.regions) > _NAMED_COLUMNS_MAX
    table.add_column("region", no_wrap=True)
    width = _CELL_WIDTH if len(snapshot.regions) <= _STEADY_COLUMNS_MAX else None
    for number, origin in enumerate(snapshot.regions, start=1):
        table.add_column(str(number) if is_wide else origin, justify="right", overflow="fold", min_width=width)
    for number, region in enumerate(snapshot.regions, start=1):
        label = _label(snapshot, region)
        table.add_row(
            Text(f"{number:2} ").append_text(label) if is_wide else label,
            *(_text(cell(snapshot, region=region, origin=origin), is_short=is_wide) for origin in snapshot.regions),
        )
    return table


def _label(snapshot: Snapshot, region: Region) -> Text:
    """The region's name, and on a second line what is the matter with it."""
    label = Text(region)
    applied = snapshot.applied.get(region)
    if region in snapshot.cut:
        label.append("\n  cut off", style="yellow")
    if applied is not None and not applied.is_current:
        label.append("\n  rebuilding", style="yellow")
    return label


def _text(shown: Cell, *, is_short: bool) -> Text:
    lag, style = _words(shown.lag, is_short=is_short)
    if not shown.halted:
        return Text(lag, style=style)
    reason = shown.halted.partition(":")[0]
    return Text("halted" if is_short else f"halted: {reason}", style="bold red").append(f"\n{lag}")


def _words(lag: Lag, *, is_short: bool) -> tuple[str, str]:
    match lag:
        case Behind():
            return _behind(lag, is_short=is_short)
        case EndUnknown(applied=applied):
            return f"at {applied} of ?", "red"
        case AppliedUnknown(end=end):
            return f"? of {end}", "red"
        case Unknown():
            return "?" if is_short else "unknown", "red"
        case OtherLog():
            return "other log", "bold red"
        case _:
            assert_never(lag)


def _behind(lag: Behind, *, is_short: bool) -> tuple[str, str]:
    if lag.events == 0:
        return "0", "green"
    if is_short:
        return f"{lag.events}\n{'?' if lag.seconds is None else duration(lag.seconds)}", "yellow"
    age = "age unknown" if lag.seconds is None else duration(lag.seconds)
    return f"{lag.events} {'event' if lag.events == 1 else 'events'}, {age}", "yellow"
