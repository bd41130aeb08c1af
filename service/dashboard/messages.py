"""The messages to the page and to `crosshook lag`: the present, and at first the past. Neither names an organization.

These are only shapes, and quick to import: a command decodes them.
"""

from enum import StrEnum

import msgspec

from core.positions import Region
from service.http.write_latency import WriteLatency
from service.lag.matrix import Certainty


class Urgency(StrEnum):
    """Whether an operator must act, or the trouble ends on its own, or nothing is wrong."""

    ALARM = "alarm"
    WARNING = "warning"
    NOTE = "note"


class Note(msgspec.Struct, frozen=True):
    """A sentence or two. It stays the same as long as nothing changes."""

    urgency: Urgency
    text: str


class RegionRow(msgspec.Struct, frozen=True):
    """A region. `since_milliseconds` is when it was last heard, or None while it is heard."""

    name: Region
    state: str
    is_current: bool
    has_own_nats: bool
    """False if the region announces that it has no connection to its own NATS."""

    since_milliseconds: int | None
    waiting: int
    """How many requests of this process wait for the region right now."""


class Cell(msgspec.Struct, frozen=True):
    """A lag. `events` is None if nothing is known. `since_milliseconds` is when it became uncertain."""

    events: int | None
    milliseconds: int | None
    certainty: Certainty
    since_milliseconds: int | None
    halted: str

    @property
    def is_complete(self) -> bool:
        """Whether it is certain that the region has applied all of the origin's log."""
        return self.certainty is Certainty.EXACT and self.events == 0 and not self.halted


class Present(msgspec.Struct, frozen=True):
    """The present. The cells are row by row, in the order of the regions: a row is behind, a column is an origin."""

    at_milliseconds: int
    here: Region
    process: str
    """HOST:PORT of the process that sends this. The latencies and the waiting requests are its own."""

    condition: str
    regions: list[RegionRow]
    cells: list[Cell]
    latencies: list[WriteLatency] = msgspec.field(name="paces")
    notes: list[Note]


class Remembered(msgspec.Struct, frozen=True):
    """The samples of the last 15 minutes, and the number in them that stands for what was not known."""

    regions: tuple[Region, ...]
    not_known: int
    at_milliseconds: list[int]
    events: list[list[int]]
    milliseconds: list[list[int]]
