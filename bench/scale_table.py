"""The curves of cost against size as Markdown tables. Pure."""

from collections.abc import Iterator

from bench.curve import Curve, ScaleReport
from bench.table import conditions, spread_text, table

_HEADINGS = ("writes/s", "p50, ms", "p99, ms", "processor ms a write", "p50 ÷ the first in turn")


def scale_markdown(report: ScaleReport) -> str:
    """A table for each curve, then the machine."""
    blocks = [block for curve in report.curves for block in _curve(curve)]
    below = conditions(report.machine, rounds=report.rounds, seconds=report.seconds, left_out=report.left_out)
    return "\n\n".join([*blocks, below]) + "\n"


def _curve(curve: Curve) -> Iterator[str]:
    yield f"## More {curve.what}"
    yield table(
        [curve.load, curve.what, *_HEADINGS],
        [
            [
                name,
                f"{size.size:,}",
                spread_text(size.per_second, 0),
                spread_text(size.p50_milliseconds, 2),
                spread_text(size.p99_milliseconds, 2),
                spread_text(size.processor_milliseconds, 3),
                "" if size.over_first is None else spread_text(size.over_first, 2),
            ]
            for name, sizes in curve.series.items()
            for size in sizes
        ],
    )
