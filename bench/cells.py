"""Several sides at several loads, round by round, and what the rounds amount to."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from bench.burst import Burst, burst
from bench.rounds import interleaved
from bench.side import PRODUCT, Side
from bench.spread import Spread, ratio_spread, spread_of
from core.consistency import Level

TOTAL = "total"
"""Beside the kinds of processes: the processor time of all of them."""


class Load(NamedTuple):
    """What one burst loads, and how."""

    side: str
    level: Level
    connections: int


class Ratios(msgspec.Struct, frozen=True):
    """The product's figures over another side's at the same load, round by round."""

    per_second: Spread
    p50: Spread


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One side at one load over all rounds. `processor_milliseconds` is of one write, for each kind of process.

    `over` has the ratios to every other side. Only the product has them.
    """

    side: str
    level: Level
    connections: int
    rounds: int
    per_second: Spread
    p50_milliseconds: Spread
    p99_milliseconds: Spread
    processor_milliseconds: dict[str, Spread]
    over: dict[str, Ratios] = {}


def measure(sides: Mapping[Load, Side], *, rounds: int, seconds: float, report: Callable[[int], None]) -> list[Cell]:
    """Load each side in turn, `rounds` times for `seconds` each."""
    bursts = {load: partial(burst, side, connections=load.connections, seconds=seconds) for load, side in sides.items()}
    return cells_of(interleaved(bursts, rounds=rounds, report=report))


def cells_of(measured: Mapping[Load, Sequence[Burst]]) -> list[Cell]:
    """The cells of all rounds, in the order of `measured`."""
    return [_cell(load, rounds, measured) for load, rounds in measured.items()]


def _cell(load: Load, rounds: Sequence[Burst], measured: Mapping[Load, Sequence[Burst]]) -> Cell:
    others = {
        other.side: bursts
        for other, bursts in measured.items()
        if load.side == PRODUCT and other.side != PRODUCT and other[1:] == load[1:]
    }
    return Cell(
        side=load.side,
        level=load.level,
        connections=load.connections,
        rounds=len(rounds),
        per_second=spread_of([one.per_second for one in rounds]),
        p50_milliseconds=spread_of([one.p50_milliseconds for one in rounds]),
        p99_milliseconds=spread_of([one.p99_milliseconds for one in rounds]),
        processor_milliseconds=_processor(rounds),
        over={side: _ratios(rounds, bursts) for side, bursts in others.items()},
    )


def _processor(rounds: Sequence[Burst]) -> dict[str, Spread]:
    kinds = {kind: [one.processor_milliseconds[kind] for one in rounds] for kind in rounds[0].processor_milliseconds}
    totals = [sum(one.processor_milliseconds.values()) for one in rounds]
    return {kind: spread_of(values) for kind, values in {**kinds, TOTAL: totals}.items()}


def _ratios(rounds: Sequence[Burst], base: Sequence[Burst]) -> Ratios:
    return Ratios(
        per_second=ratio_spread([one.per_second for one in rounds], [one.per_second for one in base]),
        p50=ratio_spread([one.p50_milliseconds for one in rounds], [one.p50_milliseconds for one in base]),
    )
