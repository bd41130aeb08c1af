"""Pictures of figures as SVG: bars with their spread, stacked bars, and lines. Light and dark readable. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

import msgspec

WIDTH, HEIGHT = 760, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 74, 52
_MARGIN = 30
"""Between the vertical axis and the first point of a line."""

_TICKS = 5
_GAP = 0.25
"""The share of a group's width that stays empty."""

_COLOURS = (
    ("#2563eb", "#60a5fa"),
    ("#b45309", "#fbbf24"),
    ("#7c3aed", "#c4b5fd"),
    ("#4b5563", "#d1d5db"),
    ("#047857", "#34d399"),
    ("#be123c", "#fda4af"),
)
"""Of each series on a light and on a dark page."""

SERIES_MAX = len(_COLOURS)


class Point(msgspec.Struct, frozen=True):
    """A value, and the ends of its spread."""

    value: float
    lower: float
    upper: float


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What every picture has: a title, and what its axes measure."""

    title: str
    horizontal: str
    vertical: str


Series = Mapping[str, Sequence[Point | None]]
"""The name of a series, and its points: one for each group of bars or place on the horizontal axis. None: unknown."""


def bars(picture: Picture, groups: Sequence[str], series: Series) -> str:
    """For each group a bar of each series, with its spread."""
    top = _round_up(max(point.upper for points in series.values() for point in points if point is not None))
    step = (WIDTH - _LEFT - _RIGHT) / len(groups)
    wide = step * (1 - _GAP) / len(series)
    marks: list[str] = []
    for number, points in enumerate(series.values()):
        for place, point in enumerate(points):
            if point is not None:
                left = _LEFT + step * (place + _GAP / 2) + wide * number
                marks += _bar(number, left, wide, base=0, value=point.value, top=top)
                marks.append(_whisker(left + wide / 2, point, top))
    return _drawn(picture, marks, names=list(series), top=top, places=_centres(groups))


def stacked_bars(picture: Picture, groups: Sequence[str], series: Mapping[str, Sequence[float]]) -> str:
    """For each group one bar, in which the series stand on one another."""
    totals = [sum(values) for values in zip(*series.values(), strict=True)]
    top = _round_up(max(totals))
    step = (WIDTH - _LEFT - _RIGHT) / len(groups)
    marks: list[str] = []
    for place in range(len(groups)):
        base = 0.0
        for number, values in enumerate(series.values()):
            left = _LEFT + step * (place + _GAP)
            marks += _bar(number, left, step * (1 - 2 * _GAP), base=base, value=values[place], top=top)
            base += values[place]
        marks.append(_text("n", _LEFT + step * (place + 0.5), _y(base, top) - 6, f"{base:.3g}"))
    return _drawn(picture, marks, names=list(series), top=top, places=_centres(groups))


def lines(picture: Picture, sizes: Sequence[float], series: Series) -> str:
    """Each series over `sizes`, which ascend, on a logarithmic axis. Whiskers show the spread."""
    top = _round_up(max(point.upper for points in series.values() for point in points if point is not None))
    across = _across(sizes)
    marks = []
    for number, points in enumerate(series.values()):
        known = [(x, point) for x, point in zip(across, points, strict=True) if point is not None]
        path = " ".join(f"{x:.1f},{_y(point.value, top):.1f}" for x, point in known)
        marks.append(f'<polyline class="l{number}" points="{path}"/>')
        for x, point in known:
            marks.append(_whisker(x, point, top))
            marks.append(f'<circle class="f{number}" cx="{x:.1f}" cy="{_y(point.value, top):.1f}" r="3.5"/>')
    places = [(f"{size:,.0f}", x) for size, x in zip(sizes, across, strict=True)]
    return _drawn(picture, marks, names=list(series), top=top, places=places)


def _across(sizes: Sequence[float]) -> list[float]:
    """The place of each size on a logarithmic axis. A single size is in the middle."""
    first, last = math.log(sizes[0]), math.log(sizes[-1])
    shares = [(math.log(size) - first) / (last - first) if last > first else 0.5 for size in sizes]
    room = WIDTH - _LEFT - _RIGHT - 2 * _MARGIN
    return [_LEFT + _MARGIN + room * share for share in shares]


def _drawn(
    picture: Picture, marks: Sequence[str], *, names: Sequence[str], top: float, places: Sequence[tuple[str, float]]
) -> str:
    if len(names) > SERIES_MAX:
        raise ValueError(f"a picture has at most {SERIES_MAX} series, got {len(names)}")
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(picture.title)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        _style(len(names)),
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        _text("t", _LEFT, 26, picture.title),
        *_legend(names),
        *_axis(top),
        *marks,
        *(_text("n", x, HEIGHT - _BOTTOM + 20, name) for name, x in places),
        _text("n", (WIDTH + _LEFT - _RIGHT) / 2, HEIGHT - 12, picture.horizontal),
        _text("v", _LEFT, _TOP - 10, picture.vertical),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


_STYLE = """\
text{font:12px system-ui,sans-serif;fill:#1f2937}
.t{font-size:15px;font-weight:600}
.n{text-anchor:middle}
.e{text-anchor:end}
.v{fill:#4b5563}
.page{fill:#fff}
.axis{stroke:#d1d5db}
.w{stroke:#111827;stroke-width:1.2}
polyline{fill:none;stroke-width:2}
"""
_DARK_STYLE = """\
text{fill:#e5e7eb}
.v{fill:#d1d5db}
.page{fill:#111827}
.axis{stroke:#374151}
.w{stroke:#f9fafb}
"""


def _style(count: int) -> str:
    light, dark = (
        "".join(
            f".f{number}{{fill:{colours[which]}}}\n.l{number}{{stroke:{colours[which]}}}\n"
            for number, colours in enumerate(_COLOURS[:count])
        )
        for which in (0, 1)
    )
    return f"<style>\n{_STYLE}{light}@media(prefers-color-scheme:dark){{\n{_DARK_STYLE}{dark}}}\n</style>"


def _legend(names: Sequence[str]) -> Iterator[str]:
    left = float(_LEFT)
    for number, name in enumerate(names):
        yield f'<rect class="f{number}" x="{left:.1f}" y="36" width="10" height="10" rx="2"/>'
        yield _text("s", left + 15, 45, name)
        left += 32 + 6.6 * len(name)


def _axis(top: float) -> Iterator[str]:
    for number in range(_TICKS + 1):
        value = top * number / _TICKS
        y = _y(value, top)
        yield f'<path class="axis" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>'
        yield _text("e", _LEFT - 8, y + 4, f"{value:,.4g}" if top < 10 else f"{value:,.0f}")


def _bar(number: int, left: float, wide: float, *, base: float, value: float, top: float) -> Iterator[str]:
    above, below = _y(base + value, top), _y(base, top)
    yield (
        f'<rect class="f{number}" x="{left:.1f}" y="{above:.1f}" width="{max(wide - 1, 1):.1f}" '
        f'height="{below - above:.1f}"/>'
    )


def _whisker(x: float, point: Point, top: float) -> str:
    return f'<path class="w" d="M{x:.1f} {_y(point.lower, top):.1f}V{_y(point.upper, top):.1f}"/>'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _centres(groups: Sequence[str]) -> list[tuple[str, float]]:
    step = (WIDTH - _LEFT - _RIGHT) / len(groups)
    return [(name, _LEFT + step * (place + 0.5)) for place, name in enumerate(groups)]


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top


def _round_up(value: float) -> float:
    """The next value of which a fifth is 1, 2, 2.5 or 5 times a power of ten. 1 for no value above 0."""
    if value <= 0:
        return 1.0
    fifth = value / _TICKS
    power = 10.0 ** math.floor(math.log10(fifth))
    steps = (step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0))
    return _TICKS * next(step for step in steps if step >= fifth * (1 - 1e-9))
