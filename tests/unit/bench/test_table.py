"""The tables show what was measured, and leave out what was not."""

import msgspec

from bench.report import Report
from bench.side import EMPTY, PEER, PRODUCT
from bench.table import markdown
from tests.bench_report import example_report

REPORT = example_report()
NOTHING = Report(
    machine=REPORT.machine,
    rounds=2,
    seconds=1,
    left_out=[],
    one_region=[],
    three_regions=[],
    over_links=[],
    recovery=None,
)


def test_a_side_has_one_row_and_the_product_one_for_each_ratio() -> None:
    lines = markdown(REPORT).splitlines()
    assert "| one region | p50 at 1, ms | p99 at 1, ms | writes/s at 8 | writes/s at 32 |" in lines
    rates = "1,503 (1,353 to 1,653) | 1,503 (1,353 to 1,653)"
    assert f"| {PEER} | 2.50 (2.25 to 2.75) | 7.50 (6.75 to 8.25) | {rates} |" in lines
    ratios = "0.62 (0.56 to 0.68) | 0.62 (0.56 to 0.68)"
    assert f"| {PRODUCT} ÷ {PEER} | 2.50 (2.25 to 2.75) |  | {ratios} |" in lines


def test_processor_time_has_a_column_for_each_kind_of_process() -> None:
    lines = markdown(REPORT).splitlines()
    assert "| processor ms a write at 32 | service | application | total |" in lines
    assert f"| {EMPTY} |  | 0.500 | 0.500 (0.450 to 0.550) |" in lines


def test_links_are_held_against_the_round_trip() -> None:
    row = "| 3 regions, 100/s from us-iowa | 140 ms to asia-japan | 146.2 | +2.0 | 160.0 |"
    assert row in markdown(REPORT).splitlines()


def test_a_figure_with_a_target_is_beside_it() -> None:
    lines = markdown(REPORT).splitlines()
    assert "| rebuild ÷ the script alone | 0.25 | ≥ 0.6, missed |" in lines
    behind = "seconds from the heal until everything is everywhere, 5,000 events behind after 5 s"
    assert f"| {behind} | 2.25 | ≤ 4 |" in lines
    assert "| the service at its most, MiB | 110 | ≤ 180 |" in lines
    assert "| percent of a core while they waited | 0.6 |  |" in lines
    assert "| Redis, bytes a trigger at 5 a webhook, 6,400 webhooks | 113.5 | ≤ 120 |" in lines
    assert "| log, bytes an event in frames of 32 | 284.4 | ≤ 300 |" in lines


def test_a_missed_target_is_marked() -> None:
    assert REPORT.space is not None
    larger = msgspec.structs.replace(REPORT, space=msgspec.structs.replace(REPORT.space, log_bytes=300.1))
    assert "| log, bytes an event in frames of 32 | 300.1 | ≤ 300, missed |" in markdown(larger).splitlines()


def test_it_ends_with_the_conditions_and_with_what_was_left_out() -> None:
    text = markdown(REPORT)
    assert "asia-japan had us-iowa's write 1.04 s after the heal." in text
    assert (
        "2 processors (a processor) for all sides and callers together; Linux 6.\n"
        "Python 3.11 (a fixed loop: 12.5 ms), postgres 15.18." in text
    )
    assert text.endswith("nothing is left out\n")


def test_a_part_that_was_not_measured_has_no_table() -> None:
    assert "|" not in markdown(NOTHING)
    assert REPORT.machine.processor in markdown(NOTHING)
