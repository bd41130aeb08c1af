"""How one of two is to the other, by what was measured of both one after the other, many times. Pure."""

from collections.abc import Sequence
from statistics import mean, median, stdev

import msgspec

from bench.errors import Unmeasured


class Ratio(msgspec.Struct, frozen=True):
    """Of the ratios of all rounds: the median, and the mean and its standard error. 1 where there is no difference."""

    median: float
    mean: float
    standard_error: float


def ratio_of(measured: Sequence[float], base: Sequence[float]) -> Ratio:
    """How `measured` is to `base`, round by round: what disturbs a whole round disturbs both.

    Raises `Unmeasured` where fewer than two rounds cannot say how sure it is.
    """
    ratios = [one / other for one, other in zip(measured, base, strict=True)]
    if len(ratios) < 2:
        raise Unmeasured("it takes two rounds to know how sure a ratio is")
    return Ratio(
        median=round(median(ratios), 4),
        mean=round(mean(ratios), 4),
        standard_error=round(stdev(ratios) / len(ratios) ** 0.5, 4),
    )
