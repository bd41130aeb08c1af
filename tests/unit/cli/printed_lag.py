"""Lag in print, and what a reader makes of it: by where it stands, and not by how it was laid out."""

import io
import re
from collections.abc import Iterator
from collections.abc import Sequence as Several
from itertools import pairwise, product

from rich.console import Console

from cli.figures import age, count, duration
from cli.lag.cells import AppliedUnknown, Behind, Cell, EndUnknown, Lacking, Lag, OtherLog, Snapshot, Unknown
from cli.lag.view import Terminal, lag_view
from core.positions import Region

Matrix = dict[tuple[Region, Region], list[str]]
"""Region and origin -> the lines that stand in their cell."""

WITHOUT_AGES = "no lines left for ages"
_STATUS = re.compile("^ *(cut off|rebuilding)")
_AFTER_A_COLUMN = ("", " ", "│")
_ANY_WIDTH = 10_000


def printed(snapshot: Snapshot, terminal: Terminal | None) -> str:
    """What is shown on this terminal, without colours; or what is piped."""
    width = _ANY_WIDTH if terminal is None else terminal.columns
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(lag_view(snapshot, terminal))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def matrix(text: str, regions: Several[Region]) -> Matrix:
    """Every table in a print. Fails where a row or a name is missing, or a figure reaches into another column."""
    lines = text.splitlines()
    rules = [place for place, line in enumerate(lines) if line and set(line) <= set("─┼")]
    ends = [*(rule - 1 for rule in rules[1:]), next(place for place, line in enumerate(lines) if _is_below(line))]
    found: Matrix = {}
    for rule, end in zip(rules, ends, strict=True):
        found |= _table(lines[rule - 1], lines[rule + 1 : end], regions, legend="\n".join(lines[ends[-1] :]))
    assert found.keys() == set(product(regions, repeat=2))
    return found


def may_say(shown: Cell, *, has_ages: bool) -> Iterator[list[str]]:
    """The lines that are true of a cell, first in full and then ever briefer."""
    halted = [[f"halted: {shown.halted.partition(':')[0]}"], ["halted"]] if shown.halted else [[]]
    yield from (above + below for below in _lag(shown.lag, has_ages=has_ages) for above in halted)


def _lag(lag: Lag, *, has_ages: bool) -> Iterator[list[str]]:
    match lag:
        case Behind(events=0):
            yield ["0"]
        case Behind(events=events, seconds=seconds):
            words = (" event" if events == 1 else " events", "")
            numbers = [number + word for number in (str(events), count(events)) for word in words]
            ages = ["age unknown", "age ?"] if seconds is None else [duration(seconds), age(seconds)]
            if has_ages:
                yield from ([f"{number}, {old}"] for number, old in product(numbers, ages))
                yield from ([number, old] for number, old in product(numbers, ages))
            else:
                yield from ([number] for number in numbers)
        case EndUnknown(applied=number) if has_ages:
            yield from ([f"at {figure} of ?"] for figure in (str(number), count(number)))
            yield from ([figure, "of ?"] for figure in (str(number), count(number)))
        case AppliedUnknown(end=number) if has_ages:
            yield from ([f"? of {figure}"] for figure in (str(number), count(number)))
            yield from (["? of", figure] for figure in (str(number), count(number)))
        case Unknown() | EndUnknown() | AppliedUnknown():
            yield from (["unknown"], ["?"])
        case Lacking(events=events):
            numbers = [f"{events} events" if events > 1 else "1 event", str(events), count(events)]
            yield from ([f"lacks {number}"] for number in numbers)
            yield from (["lacks", number] for number in numbers if has_ages)
            yield ["lacks"]
        case OtherLog():
            yield from (["other log"], ["other", "log"] if has_ages else ["other"])


def _is_below(line: str) -> bool:
    return not line or line.startswith("Row: ")


def _table(heading: str, body: list[str], regions: Several[Region], *, legend: str) -> Matrix:
    labels = _labels(body[0], regions, legend=legend)
    columns = [(word[0], word.end()) for word in re.finditer("[^ │]+", heading)][1:]
    starts: list[int] = []
    for label in labels:
        after = starts[-1] + 1 if starts else 0
        starts += [next(place for place, line in enumerate(body) if place >= after and _begins_with(line, label))]
    found: Matrix = {}
    for region, label, (start, end) in zip(regions, labels, pairwise([*starts, len(body)]), strict=True):
        row = [" " * len(label) + body[start][len(label) :]]
        row += [_STATUS.sub(lambda status: " " * len(status[0]), line) for line in body[start + 1 : end]]
        left = 0
        for name, right in columns:
            assert all(line[right : right + 1] in _AFTER_A_COLUMN for line in row), row
            origin = Region(name) if labels == list(regions) else regions[int(name) - 1]
            cell = [line[left:right].strip(" │") for line in row]
            found[region, origin] = [line for line in cell if line]
            left = right
    return found


def _labels(first: str, regions: Several[Region], *, legend: str) -> list[str]:
    """What the rows begin with: names, or names and numbers, or numbers that have their names in the legend."""
    with_numbers = [f"{number:2} {name}" for number, name in enumerate(regions, start=1)]
    for labels in (list(regions), with_numbers):
        if _begins_with(first, labels[0]):
            return list[str](labels)
    assert all(re.search(f"(^|  ){entry}(  |$)", legend, re.MULTILINE) for entry in with_numbers)
    return [f"{number:2}" for number, _ in enumerate(regions, start=1)]


def _begins_with(line: str, label: str) -> bool:
    return line.startswith(label) and line[len(label) : len(label) + 1] in _AFTER_A_COLUMN
