"""A lag in words, with the signs that the page uses. Pure."""

from datetime import UTC, datetime
from typing import assert_never

from cli.figures import duration
from service.dashboard.messages import Cell
from service.lag.matrix import Certainty


def in_words(cell: Cell) -> str:
    """A lag in words. An unknown lag is never `0`."""
    if not cell.halted:
        return _lag(cell)
    # At the end of a log that is not the right one, the number of missing events is unknown.
    is_end_in_doubt = cell.certainty is Certainty.EXACT and cell.events == 0
    return f"{'?' if is_end_in_doubt else _lag(cell)} halted ({cell.halted})"


def badness(cell: Cell) -> tuple[int, int, int]:
    """A key that sorts the worst cell last: complete, then unknown, then by age and events, then halted."""
    if cell.halted or cell.certainty is Certainty.OTHER_LOG:
        return 3, 0, 0
    if cell.is_complete:
        return 0, 0, 0
    is_known = cell.certainty in {Certainty.EXACT, Certainty.AT_MOST, Certainty.AT_LEAST}
    if is_known and cell.milliseconds is not None:
        return 2, cell.milliseconds, cell.events or 0
    return 1, 0, cell.events or 0


def clock(milliseconds: int) -> str:
    """A time of day in UTC, from milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%H:%M:%S")


def _lag(cell: Cell) -> str:
    match cell.certainty:
        case Certainty.EXACT:
            return _counted(cell, "")
        case Certainty.AT_MOST:
            return _counted(cell, "≤ ")
        case Certainty.AT_LEAST:
            return _unknown(cell) if cell.events is None else _counted(cell, "≥ ")
        case Certainty.LAST_HEARD:
            return _unknown(cell)
        case Certainty.NEVER_HEARD:
            return "? never heard"
        case Certainty.OTHER_LOG:
            return "≠ another log"
        case _:
            assert_never(cell.certainty)


def _counted(cell: Cell, sign: str) -> str:
    if cell.events == 0 and not sign:
        return "0"
    events = f"{sign}{cell.events} {'event' if cell.events == 1 else 'events'}"
    age = "age ?" if cell.milliseconds is None else f"{sign}{duration(cell.milliseconds / 1_000)}"
    return f"{events}, {age}"


def _unknown(cell: Cell) -> str:
    return "?" if cell.since_milliseconds is None else f"? since {clock(cell.since_milliseconds)}"
