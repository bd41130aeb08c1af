"""Two sides side by side, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

import msgspec
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.machine import Machine
from bench.ratios import Ratio, ratio_of


class Round(NamedTuple):
    """One build under load: its writes a second, and the processor time of one write.

    The processor time is that of all processes of its regions, and that of the services alone.
    """

    per_second: float
    microseconds: float
    service_microseconds: float


class Figures(msgspec.Struct, frozen=True):
    """The medians of a side's rounds."""

    name: str
    per_second: float
    microseconds: float
    service_microseconds: float


class Compared(msgspec.Struct, frozen=True):
    """A side, and the ratios of its figures to the base's in the same rounds."""

    figures: Figures
    per_second: Ratio
    microseconds: Ratio
    service_microseconds: Ratio


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of a comparison."""

    machine: Machine
    regions: int
    connections: int
    rounds: int
    seconds: float
    base: Figures
    others: list[Compared]


def comparison_of(
    measured: Mapping[str, Sequence[Round]], *, machine: Machine, regions: int, connections: int, seconds: float
) -> Comparison:
    """Compare the other sides with the first one. Raises `Unmeasured` for fewer than two rounds."""
    (name, base), *others = measured.items()
    return Comparison(
        machine=machine,
        regions=regions,
        connections=connections,
        rounds=len(base),
        seconds=seconds,
        base=_figures(name, base),
        others=[_compared(other, rounds, base) for other, rounds in others],
    )


def comparison_view(comparison: Comparison) -> Group:
    """One table, and how to read it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for heading in ("writes/s", "µs a write", "in services"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row(*_figures_row(comparison.base))
    for one in comparison.others:
        ratios = (one.per_second, one.microseconds, one.service_microseconds)
        table.add_row(*_figures_row(one.figures))
        table.add_row("  median", *(f"{100 * (ratio.median - 1):+.1f} %" for ratio in ratios))
        table.add_row("  mean", *(_mean(ratio) for ratio in ratios))
    return Group(table, *map(Text, _lines(comparison)))


def _figures_row(figures: Figures) -> list[str]:
    values = (figures.per_second, figures.microseconds, figures.service_microseconds)
    return [figures.name, *(f"{value:,.0f}" for value in values)]


def _mean(ratio: Ratio) -> str:
    return f"{100 * (ratio.mean - 1):+.1f} ± {100 * ratio.standard_error:.1f} %"


def _lines(comparison: Comparison) -> list[str]:
    machine = comparison.machine
    return [
        f"µs: processor time of all processes of {comparison.regions} regions.",
        f"Median, mean and its standard error: against {comparison.base.name} in the same round.",
        f"{comparison.rounds} rounds of {comparison.seconds:g} s a side, {comparison.connections} callers.",
        f"{machine.cpus} CPUs for all sides and callers together; Python {machine.python}.",
        f"Load before the first request: {machine.load}.",
    ]


def _figures(name: str, rounds: Sequence[Round]) -> Figures:
    per_second, microseconds, service_microseconds = (round(median(values), 1) for values in zip(*rounds, strict=True))
    return Figures(name, per_second, microseconds, service_microseconds)


def _compared(name: str, rounds: Sequence[Round], base: Sequence[Round]) -> Compared:
    pairs = zip(zip(*rounds, strict=True), zip(*base, strict=True), strict=True)
    per_second, microseconds, service_microseconds = (ratio_of(one, other) for one, other in pairs)
    return Compared(_figures(name, rounds), per_second, microseconds, service_microseconds)
