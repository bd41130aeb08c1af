"""Made-up samples of a service, and what `crosshook lag` prints of them."""

import io
from collections.abc import Mapping, Sequence

from rich.console import Console

from cli.lag.table import lag_table
from core.positions import Region
from service.dashboard.messages import Cell, Note, Present, RegionRow
from service.lag.matrix import Certainty

IOWA, BELGIUM, JAPAN = REGIONS = (Region("us-iowa"), Region("europe-belgium"), Region("asia-japan"))
LONGEST = tuple(Region(f"a-region-with-a-long-long-name-{letter}") for letter in "abcdefghij")

SINCE = 1_773_489_588_000
"""11:59:48 UTC."""

NOON = SINCE + 12_000
ALL = Cell(0, 0, Certainty.EXACT, None, "")
UNKNOWN = Cell(None, None, Certainty.AT_LEAST, SINCE, "")


def exact(events: int, milliseconds: int | None = None, halted: str = "") -> Cell:
    return Cell(events, milliseconds, Certainty.EXACT, None, halted)


def at_most(events: int, milliseconds: int | None = None) -> Cell:
    return Cell(events, milliseconds, Certainty.AT_MOST, SINCE, "")


def row(name: Region, **state: object) -> RegionRow:
    """A region that is heard. Only `state` is not as it should be."""
    well = {"state": "active", "is_current": True, "has_own_nats": True, "since_milliseconds": None, "waiting": 0}
    return RegionRow(name=name, **(well | state))  # type: ignore[arg-type]


def shown(
    cells: Mapping[tuple[Region, Region], Cell],
    *,
    regions: Sequence[Region] = REGIONS,
    states: Mapping[Region, Mapping[str, object]] | None = None,
    notes: Sequence[Note] = (),
) -> Present:
    """What the first region shows at noon. A cell that is not named lacks nothing."""
    return Present(
        at_milliseconds=NOON,
        here=regions[0],
        process="here:8081",
        condition="ready",
        regions=[row(name, **(states or {}).get(name, {})) for name in regions],
        cells=[cells.get((behind, origin), ALL) for behind in regions for origin in regions],
        latencies=[],
        notes=list(notes),
    )


def printed(present: Present, *, columns: int | None) -> list[str]:
    """The lines on a terminal of `columns`, or in a pipe."""
    console = Console(file=io.StringIO(), width=columns or 100_000, color_system=None)
    console.print(lag_table(present, columns=columns))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]
