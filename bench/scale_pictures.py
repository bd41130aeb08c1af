"""The pictures of cost against size. Pure."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from bench.curve import Curve, ScaleReport, Size
from bench.picture import Picture, lines
from bench.pictures import point_of
from bench.spread import Spread


class _Shown(NamedTuple):
    """What the picture of one curve shows."""

    title: str
    vertical: str
    spread: Callable[[Size], Spread]


_SHOWN = {
    "connections": _Shown("Writes against connections", "writes/s", lambda size: size.per_second),
    "regions": _Shown("Processor time against regions", "ms a write", lambda size: size.processor_milliseconds),
    "triggers": _Shown("One more trigger against stored triggers", "p50, ms", lambda size: size.p50_milliseconds),
    "webhooks": _Shown("One more webhook against those stored", "p50, ms", lambda size: size.p50_milliseconds),
}


def scale_pictures(report: ScaleReport) -> Mapping[str, str]:
    """File name -> SVG."""
    return {f"bench-scale-{curve.what}.svg": _drawn(curve) for curve in report.curves}


def _drawn(curve: Curve) -> str:
    title, vertical, spread = _SHOWN[curve.what]
    sizes = sorted({size.size for measured in curve.series.values() for size in measured})
    series = {
        name: [point_of(spread(by_size[size])) if size in by_size else None for size in sizes]
        for name, measured in curve.series.items()
        for by_size in [{size.size: size for size in measured}]
    }
    return lines(Picture(title=title, horizontal=f"{curve.what} ({curve.load})", vertical=vertical), sizes, series)
