"""The pictures of a report. Pure."""

from collections.abc import Mapping

from bench.cells import TOTAL, Cell
from bench.picture import Picture, Point, bars, stacked_bars
from bench.report import Report
from bench.side import EMPTY
from bench.spread import Spread
from bench.table import PROCESSOR_CONNECTIONS


def pictures(report: Report) -> Mapping[str, str]:
    """File name -> SVG. A part that was not measured has no picture."""
    drawn = {}
    if report.one_region:
        drawn["bench-writes.svg"] = _writes(report.one_region)
        drawn["bench-processor.svg"] = _processor(report.one_region)
    if report.over_links:
        drawn["bench-links.svg"] = _links(report)
    return drawn


def point_of(spread: Spread) -> Point:
    """The median, with the quartiles as its spread."""
    return Point(spread.median, spread.lower_quartile, spread.upper_quartile)


def _writes(cells: list[Cell]) -> str:
    """Without the empty POST, which would make all other bars low."""
    compared = [cell for cell in cells if cell.side != EMPTY]
    counts = sorted({cell.connections for cell in compared})
    rates = {(cell.side, cell.connections): point_of(cell.per_second) for cell in compared}
    sides = dict.fromkeys(cell.side for cell in compared)
    return bars(
        Picture(title="Creating triggers in one region", horizontal="connections", vertical="writes/s"),
        [str(count) for count in counts],
        {side: [rates.get((side, count)) for count in counts] for side in sides},
    )


def _processor(cells: list[Cell]) -> str:
    found = {cell.side: cell.processor_milliseconds for cell in cells if cell.connections == PROCESSOR_CONNECTIONS}
    kinds = dict.fromkeys(kind for times in found.values() for kind in times if kind != TOTAL)
    return stacked_bars(
        Picture(
            title=f"Processor time of one write at {PROCESSOR_CONNECTIONS} connections",
            horizontal="all processes of one region, or of the peer",
            vertical="ms",
        ),
        list(found),
        {kind: [times[kind].median if kind in times else 0.0 for times in found.values()] for kind in kinds},
    )


def _links(report: Report) -> str:
    def series(milliseconds: list[float]) -> list[Point]:
        return [Point(value, value, value) for value in milliseconds]

    return bars(
        Picture(
            title="all_regions over links, at a fixed rate", horizontal="regions", vertical="ms from due to response"
        ),
        [f"{found.regions}" for found in report.over_links],
        {
            "to the farthest region and back": series([found.round_trip_milliseconds for found in report.over_links]),
            "p50": series([found.latency.p50_milliseconds for found in report.over_links]),
            "p99": series([found.latency.p99_milliseconds for found in report.over_links]),
        },
    )
