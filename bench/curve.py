"""Cost against size: one curve for each thing that can grow. Pure."""

from collections.abc import Sequence

import msgspec

from bench.burst import Burst
from bench.machine import Machine
from bench.spread import Spread, ratio_spread, spread_of


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """The cost at one size. `over_first` has the p50 over that of the first size in the same round, if both had one."""

    size: int
    per_second: Spread
    p50_milliseconds: Spread
    p99_milliseconds: Spread
    processor_milliseconds: Spread
    over_first: Spread | None = None


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """What grew, and the cost for each series."""

    what: str
    load: str
    series: dict[str, list[Size]]


class ScaleReport(msgspec.Struct, frozen=True, kw_only=True, tag="scale"):
    """All curves of one run."""

    machine: Machine
    rounds: int
    seconds: float
    left_out: list[str]
    curves: list[Curve]


def size_of(size: int, rounds: Sequence[Burst], *, first: Sequence[Burst] | None = None) -> Size:
    """What the rounds at one size amount to. `first` are those of the first size, if both were measured in turn."""
    p50s = [one.p50_milliseconds for one in rounds]
    return Size(
        size=size,
        per_second=spread_of([one.per_second for one in rounds]),
        p50_milliseconds=spread_of(p50s),
        p99_milliseconds=spread_of([one.p99_milliseconds for one in rounds]),
        processor_milliseconds=spread_of([sum(one.processor_milliseconds.values()) for one in rounds]),
        over_first=None if first is None else ratio_spread(p50s, [one.p50_milliseconds for one in first]),
    )
