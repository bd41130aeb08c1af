"""The ratio of one side to another over many rounds. Pure."""

from collections.abc import Sequence
from statistics import mean, median, stdev

import msgspec

from bench.errors import Unmeasured


class Ratio(msgspec.Struct, frozen=True):
    """The median of all rounds' ratios, their mean and its standard error. 1 means no difference."""

    median: float
    mean: float
    standard_error: float


def ratio_of(measured: Sequence[float], base: Sequence[float]) -> Ratio:
    """The ratio of `measured` to `base`, round by round: a disturbance of a whole round meets both sides.

    Raises `Unmeasured` for fewer than two rounds: they have no standard error.
    """
    ratios = [one / other for one, other in zip(measured, base, strict=True)]
    if len(ratios) < 2:
        raise Unmeasured("the standard error of a ratio needs at least two rounds")
    return Ratio(
        median=round(median(ratios), 4),
        mean=round(mean(ratios), 4),
        standard_error=round(stdev(ratios) / len(ratios) ** 0.5, 4),
    )
