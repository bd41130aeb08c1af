"""The tables show what was measured, and leave out what was not."""

import pytest

from bench.cells import TOTAL, Cell, Ratios
from bench.machine import Machine
from bench.over_links import OverLinks
from bench.recovery import Recovery
from bench.report import Report
from bench.samples import Latency
from bench.side import EMPTY, PEER, PRODUCT
from bench.spread import Spread
from bench.table import markdown
from core.consistency import Level

MACHINE = Machine(
    cpus=2, python="3.11", load=0.1, processor="a processor", system="Linux 6", versions={"postgres": "15.18"}
)


def spread(median: float) -> Spread:
    return Spread(median, median * 0.9, median * 1.1, median * 0.5, median * 2)


def cell(side: str, connections: int, rate: float, level: Level = Level.LOCAL_REGION) -> Cell:
    kind = "service" if side == PRODUCT else "application"
    return Cell(
        side=side,
        level=level,
        connections=connections,
        rounds=3,
        per_second=spread(rate),
        p50_milliseconds=spread(2.5),
        p99_milliseconds=spread(7.5),
        processor_milliseconds={kind: spread(0.5), TOTAL: spread(0.5)},
        over={PEER: Ratios(spread(0.62), spread(2.5))} if side == PRODUCT else {},
    )


@pytest.fixture
def report() -> Report:
    return Report(
        machine=MACHINE,
        rounds=3,
        seconds=0.5,
        left_out=["nothing is left out"],
        one_region=[cell(side, count, 1_503.0) for count in (1, 8, 32) for side in (PRODUCT, PEER, EMPTY)],
        three_regions=[cell(PRODUCT, 32, 502.0, Level.ALL_REGIONS)],
        over_links=[
            OverLinks(
                regions=3,
                region="us-iowa",
                farthest="asia-japan",
                round_trip_milliseconds=140,
                per_second=100,
                latency=Latency(2_000, 146.2, 150.0, 160.0),
            )
        ],
        recovery=Recovery("asia-japan", "us-iowa", 20, 1.04, 1.1),
    )


def test_a_side_has_one_row_and_the_product_one_for_each_ratio(report: Report) -> None:
    lines = markdown(report).splitlines()
    assert "| one region | p50 at 1, ms | p99 at 1, ms | writes/s at 8 | writes/s at 32 |" in lines
    rates = "1,503 (1,353 to 1,653) | 1,503 (1,353 to 1,653)"
    assert f"| {PEER} | 2.50 (2.25 to 2.75) | 7.50 (6.75 to 8.25) | {rates} |" in lines
    ratios = "0.62 (0.56 to 0.68) | 0.62 (0.56 to 0.68)"
    assert f"| {PRODUCT} ÷ {PEER} | 2.50 (2.25 to 2.75) |  | {ratios} |" in lines


def test_processor_time_has_a_column_for_each_kind_of_process(report: Report) -> None:
    lines = markdown(report).splitlines()
    assert "| processor ms a write at 32 | service | application | total |" in lines
    assert f"| {EMPTY} |  | 0.500 | 0.500 (0.450 to 0.550) |" in lines


def test_links_are_held_against_the_round_trip(report: Report) -> None:
    row = "| 3 regions, 100/s from us-iowa | 140 ms to asia-japan | 146.2 | +2.0 | 160.0 |"
    assert row in markdown(report).splitlines()


def test_it_ends_with_the_conditions_and_with_what_was_left_out(report: Report) -> None:
    text = markdown(report)
    assert "asia-japan had us-iowa's write 1.04 s after the heal." in text
    assert (
        "2 processors (a processor) for all sides and callers together; Linux 6.\nPython 3.11, postgres 15.18." in text
    )
    assert text.endswith("nothing is left out\n")


def test_a_part_that_was_not_measured_has_no_table(report: Report) -> None:
    nothing = Report(
        machine=MACHINE,
        rounds=3,
        seconds=0.5,
        left_out=[],
        one_region=[],
        three_regions=[],
        over_links=[],
        recovery=None,
    )
    assert "|" not in markdown(nothing)
    assert report.machine.processor in markdown(nothing)
