"""The figures as Markdown tables. Pure."""

from collections.abc import Iterator, Sequence

from bench.cells import TOTAL, Cell
from bench.machine import Machine
from bench.report import Report
from bench.side import PRODUCT
from bench.spread import Spread
from bench.targets_table import HEADINGS, target_rows

PROCESSOR_CONNECTIONS = 32
"""The load at which the processor time is shown for each kind of process."""


def markdown(report: Report) -> str:
    """Every part that was measured, then the machine."""
    blocks = [
        *(_one_region(report.one_region) if report.one_region else ()),
        *(_three_regions(report.three_regions) if report.three_regions else ()),
        *_over_links(report),
        *_recovery(report),
        *_targets(report),
        conditions(report.machine, rounds=report.rounds, seconds=report.seconds, left_out=report.left_out),
    ]
    return "\n\n".join(blocks) + "\n"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first column is text, and whose other columns are numbers."""
    lines = [headings, ["---", *["--:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread_text(spread: Spread, digits: int) -> str:
    """The median, and the quartiles in parentheses."""
    numbers = (spread.median, spread.lower_quartile, spread.upper_quartile)
    median, lower, upper = (f"{number:,.{digits}f}" for number in numbers)
    return f"{median} ({lower} to {upper})"


def _one_region(cells: Sequence[Cell]) -> Iterator[str]:
    many = sorted({cell.connections for cell in cells} - {1})
    headings = ["one region", "p50 at 1, ms", "p99 at 1, ms", *(f"writes/s at {count}" for count in many)]
    rows = []
    for side in _sides(cells):
        by_count = {cell.connections: cell for cell in cells if cell.side == side}
        alone = [by_count[1].p50_milliseconds, by_count[1].p99_milliseconds] if 1 in by_count else []
        latency = [spread_text(spread, 2) for spread in alone] or ["", ""]
        rows.append([side, *latency, *(spread_text(by_count[count].per_second, 0) for count in many)])
    for other in _others(cells):
        own = {cell.connections: cell.over[other] for cell in cells if cell.side == PRODUCT}
        alone_ratio = spread_text(own[1].p50, 2) if 1 in own else ""
        ratios = (spread_text(own[count].per_second, 2) for count in many)
        rows.append([f"{PRODUCT} ÷ {other}", alone_ratio, "", *ratios])
    yield "## One region"
    yield table(headings, rows)
    yield from _processor([cell for cell in cells if cell.connections == PROCESSOR_CONNECTIONS])


def _processor(cells: Sequence[Cell]) -> Iterator[str]:
    kinds = list(dict.fromkeys(kind for cell in cells for kind in cell.processor_milliseconds if kind != TOTAL))
    if not cells:
        return
    headings = [f"processor ms a write at {PROCESSOR_CONNECTIONS}", *kinds, TOTAL]
    yield table(
        headings,
        [
            [
                cell.side,
                *(f"{found[kind].median:.3f}" if kind in found else "" for kind in kinds),
                spread_text(found[TOTAL], 3),
            ]
            for cell in cells
            for found in [cell.processor_milliseconds]
        ],
    )


def _three_regions(cells: Sequence[Cell]) -> Iterator[str]:
    headings = ["three regions without delays", "writes/s", "p50, ms", "p99, ms", "processor ms a write"]
    rows = [
        [
            f"{cell.side}, `{cell.level}` at {cell.connections}",
            spread_text(cell.per_second, 0),
            spread_text(cell.p50_milliseconds, 2),
            spread_text(cell.p99_milliseconds, 2),
            spread_text(cell.processor_milliseconds[TOTAL], 3),
        ]
        for cell in cells
    ]
    rows += [
        [f"{PRODUCT} ÷ {other}, `{cell.level}`", spread_text(ratios.per_second, 2), spread_text(ratios.p50, 2), "", ""]
        for cell in cells
        for other, ratios in cell.over.items()
    ]
    yield "## Three regions"
    yield table(headings, rows)


def _over_links(report: Report) -> Iterator[str]:
    if not report.over_links:
        return
    headings = ["`all_regions` over links", "to the farthest and back, R", "p50, ms", "p50 less 1.03 R", "p99, ms"]
    yield "## Over links"
    yield table(
        headings,
        [
            [
                f"{found.regions} regions, {found.per_second:g}/s from {found.region}",
                f"{found.round_trip_milliseconds:g} ms to {found.farthest}",
                f"{found.latency.p50_milliseconds:.1f}",
                f"{found.latency.p50_milliseconds - 1.03 * found.round_trip_milliseconds:+.1f}",
                f"{found.latency.p99_milliseconds:.1f}",
            ]
            for found in report.over_links
        ],
    )


def _recovery(report: Report) -> Iterator[str]:
    if (found := report.recovery) is not None:
        yield (
            f"After a cut of {found.cut_seconds:g} s, {found.region} had {found.other}'s write "
            f"{found.fed_after_seconds:.2f} s after the heal. {found.other} had {found.region}'s write after "
            f"{found.heard_after_seconds:.2f} s."
        )


def _targets(report: Report) -> Iterator[str]:
    if rows := target_rows(report):
        yield "## Against targets"
        yield table(HEADINGS, [row.texts() for row in rows])


def conditions(machine: Machine, *, rounds: int, seconds: float, left_out: Sequence[str]) -> str:
    """What the figures are, and what they were measured on."""
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    lines = [
        f"Medians of {rounds} rounds of {seconds:g} s, with the quartiles in parentheses.",
        f"{machine.cpus} processors ({machine.processor}) for all sides and callers together; {machine.system}.",
        f"Python {machine.python} (a fixed loop: {machine.python_milliseconds:g} ms), {versions}.",
        f"Load before the first request: {machine.load}.",
        *left_out,
    ]
    return "\n".join(lines)


def _sides(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(cell.side for cell in cells))


def _others(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(other for cell in cells for other in cell.over))
