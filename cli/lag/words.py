"""A cell of the table of lag in words, as many of them as have room. Pure."""

from enum import Enum, auto
from typing import assert_never

from cli.figures import age, count, duration
from cli.lag.cells import AppliedUnknown, Behind, Cell, EndUnknown, Lacking, Lag, OtherLog, Unknown


class Cells(Enum):
    """How the number of events and the age of the oldest stand in a cell."""

    BESIDE = auto()
    """In one line."""

    STACKED = auto()
    """The age below the number."""

    EVENTS = auto()
    """The number only: there is neither the width for one line nor the height for two."""


WIDTHS_MIN = {Cells.BESIDE: len("999 k, 59 min"), Cells.STACKED: len("halted"), Cells.EVENTS: len("halted")}
"""Into this everything fits in its briefest form."""

WIDTH_MAX = len("123456789 events, 27 h 46 min")
"""More than this makes nothing any fuller that is likely to be seen."""

_WORD_BESIDE_FROM = len("999 k events, 59 min")
_WORD_ALONE_FROM = len("999 k events")
"""So wide columns say `events` in every cell, and narrower ones in none: not here and there, as it fits."""


def lines(shown: Cell, cells: Cells, *, width: int) -> list[str]:
    """What a cell says, line after line, each in the fullest form that has room in `width`."""
    halted = [_fitting(width, f"halted: {shown.halted.partition(':')[0]}", "halted")] if shown.halted else []
    return halted + _lag(shown.lag, cells, width)


def _lag(lag: Lag, cells: Cells, width: int) -> list[str]:
    match lag:
        case Behind(events=0):
            return ["0"]
        case Behind(events=events, seconds=seconds):
            return _behind(events, seconds, cells, width)
        case EndUnknown() | AppliedUnknown() | Unknown():
            return _not_known(lag, cells, width)
        case Lacking(events=events):
            return _lacking(events, cells, width)
        case OtherLog():
            return ["other", "log"] if cells is Cells.STACKED else [_fitting(width, "other log", "other")]
        case _:
            assert_never(lag)


def _behind(events: int, seconds: float | None, cells: Cells, width: int) -> list[str]:
    word = " event" if events == 1 else " events"
    in_full, short = ("age unknown", "age ?") if seconds is None else (duration(seconds), age(seconds))
    match cells:
        case Cells.BESIDE:
            word = word if width >= _WORD_BESIDE_FROM else ""
            exact, brief = f"{events}{word}", f"{count(events)}{word}"
            return [_fitting(width, f"{exact}, {in_full}", f"{exact}, {short}", f"{brief}, {short}")]
        case Cells.STACKED | Cells.EVENTS:
            word = word if width >= _WORD_ALONE_FROM else ""
            number = _fitting(width, f"{events}{word}", f"{count(events)}{word}")
            return [number, _fitting(width, in_full, short)] if cells is Cells.STACKED else [number]
        case _:
            assert_never(cells)


def _lacking(events: int, cells: Cells, width: int) -> list[str]:
    numbers = [f"{events} events" if events > 1 else "1 event", str(events), count(events)]
    line = _fitting(width, *(f"lacks {number}" for number in numbers))
    if len(line) <= width:
        return [line]
    return ["lacks", _fitting(width, *numbers)] if cells is Cells.STACKED else ["lacks"]


def _not_known(lag: EndUnknown | AppliedUnknown | Unknown, cells: Cells, width: int) -> list[str]:
    if isinstance(lag, Unknown) or cells is Cells.EVENTS:
        return [_fitting(width, "unknown", "?")]
    if isinstance(lag, EndUnknown):
        line = _fitting(width, f"at {lag.applied} of ?", f"at {count(lag.applied)} of ?")
        stacked = [_fitting(width, str(lag.applied), count(lag.applied)), "of ?"]
    else:
        line = _fitting(width, f"? of {lag.end}", f"? of {count(lag.end)}")
        stacked = ["? of", _fitting(width, str(lag.end), count(lag.end))]
    return [line] if len(line) <= width else stacked


def _fitting(width: int, *forms: str) -> str:
    """The first of these, which go from the fullest to the briefest, that has room; or the briefest."""
    return next((form for form in forms if len(form) <= width), forms[-1])
