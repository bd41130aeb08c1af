"""The median of several rounds, and how far the rounds are apart. Pure."""

from collections.abc import Sequence
from statistics import quantiles

import msgspec

from bench.errors import Unmeasured


class Spread(msgspec.Struct, frozen=True):
    """The median, the quartiles around it, and the extremes."""

    median: float
    lower_quartile: float
    upper_quartile: float
    least: float
    most: float


def spread_of(values: Sequence[float]) -> Spread:
    """The spread of one value a round. Raises `Unmeasured` without any."""
    if not values:
        raise Unmeasured("there is no spread of no rounds")
    is_alone = len(values) == 1
    lower, middle, upper = [values[0]] * 3 if is_alone else quantiles(values, n=4, method="inclusive")
    return Spread(*(round(number, 4) for number in (middle, lower, upper, min(values), max(values))))


def ratio_spread(measured: Sequence[float], base: Sequence[float]) -> Spread:
    """The spread of `measured` over `base`, round by round: a disturbance of a whole round meets both."""
    return spread_of([one / other for one, other in zip(measured, base, strict=True)])
