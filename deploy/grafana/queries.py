"""Expressions that several panels use. All are about the regions chosen at the top of the page."""

from typing import Final

CHOSEN: Final = 'region=~"$region"'
_OVER: Final = "[$__rate_interval]"


def rate(counter: str, *by: str, where: str = CHOSEN) -> str:
    """How much a counter grows in a second."""
    return f"sum by ({', '.join(by)}) (rate({counter}{{{where}}}{_OVER}))"


def quantile(share: float, histogram: str, *by: str) -> str:
    """The value that a `share` of a histogram's values do not exceed. NaN, which draws no point, without new values."""
    return f"histogram_quantile({share:g}, {rate(f'{histogram}_bucket', *by, 'le')})"


def mean(histogram: str, *by: str) -> str:
    """The mean of a histogram's values."""
    return f"{rate(f'{histogram}_sum', *by)} / {rate(f'{histogram}_count', *by)}"


def buckets(histogram: str, *, where: str) -> str:
    """How many values each bucket of a histogram received."""
    return f"sum by (le) (increase({histogram}_bucket{{{where}, {CHOSEN}}}{_OVER}))"


def or_zero(expression: str, *, where_there_is: str) -> str:
    """`expression`, and 0 for a region without it that has the gauge `where_there_is`."""
    return f"{expression} or on (region) 0 * max by (region) ({where_there_is}{{{CHOSEN}}})"
