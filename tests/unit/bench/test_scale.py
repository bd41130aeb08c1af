"""Cost against size: which sizes are measured, and how they are shown."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from bench.burst import Burst
from bench.curve import Curve, ScaleReport, size_of
from bench.draw import draw
from bench.scale import Options, scale
from bench.scale_pictures import scale_pictures
from bench.scale_table import scale_markdown
from tests.bench_report import MACHINE


def bursts(*p50s: float) -> list[Burst]:
    return [
        Burst(
            per_second=100 / p50,
            p50_milliseconds=p50,
            p99_milliseconds=2 * p50,
            processor_milliseconds={"service": 0.5, "NATS": 0.25},
        )
        for p50 in p50s
    ]


FIRST, GROWN = bursts(2, 20, 2), bursts(3, 30, 3)
REPORT = ScaleReport(
    machine=MACHINE,
    rounds=3,
    seconds=1,
    left_out=[],
    curves=[
        Curve(
            what="triggers",
            load="one connection",
            series={"crosshook": [size_of(1_000, FIRST, first=FIRST), size_of(1_000_000, GROWN, first=FIRST)]},
        ),
        Curve(
            what="connections",
            load="one region",
            series={"crosshook": [size_of(1, FIRST), size_of(8, GROWN)], "PostgreSQL": [size_of(8, FIRST)]},
        ),
    ],
)
NOTHING_CHOSEN = Options(
    growing=(),
    connections_max=None,
    regions_max=None,
    triggers_max=None,
    webhooks_max=None,
    quick=False,
    rounds=None,
    seconds=None,
    json=None,
    markdown=None,
    pictures=None,
)


def test_a_size_is_compared_with_the_first_size_in_the_same_round() -> None:
    grown = size_of(1_000_000, GROWN, first=FIRST)
    assert grown.over_first is not None
    assert (grown.over_first.least, grown.over_first.most) == (1.5, 1.5)
    assert grown.processor_milliseconds.median == 0.75
    assert size_of(8, GROWN).over_first is None


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        (NOTHING_CHOSEN, (1_000, 10_000, 100_000, 1_000_000)),
        (msgspec.structs.replace(NOTHING_CHOSEN, quick=True), (1_000, 10_000)),
        (msgspec.structs.replace(NOTHING_CHOSEN, triggers_max=200_000), (1_000, 10_000, 100_000)),
        (msgspec.structs.replace(NOTHING_CHOSEN, triggers_max=1_000, quick=True), (1_000,)),
    ],
)
def test_larger_sizes_than_the_largest_are_left_out(options: Options, sizes: tuple[int, ...]) -> None:
    assert options.sizes("triggers") == sizes


def test_every_size_has_a_row_and_every_curve_a_picture() -> None:
    lines = scale_markdown(REPORT).splitlines()
    p50, p99 = "3.00 (3.00 to 16.50)", "6.00 (6.00 to 33.00)"
    row = f"| crosshook | 1,000,000 | 33 (18 to 33) | {p50} | {p99} | 0.750 (0.750 to 0.750) | 1.50 (1.50 to 1.50) |"
    assert row in lines
    assert len([line for line in lines if line.startswith("| crosshook |")]) == 4
    drawn = scale_pictures(REPORT)
    assert sorted(drawn) == ["bench-scale-connections.svg", "bench-scale-triggers.svg"]
    assert ">1,000,000<" in drawn["bench-scale-triggers.svg"]
    assert ">PostgreSQL<" in drawn["bench-scale-connections.svg"]


def test_the_curves_of_an_earlier_run_are_drawn_again(tmp_path: Path) -> None:
    file = tmp_path / "scale.json"
    file.write_bytes(msgspec.json.encode(REPORT))
    result = CliRunner().invoke(draw, (str(file), "--pictures", str(tmp_path)))
    assert result.output == scale_markdown(REPORT)
    assert {path.name for path in tmp_path.glob("*.svg")} == set(scale_pictures(REPORT))


def test_the_help_names_what_grows_and_how_to_leave_out_what_takes_long() -> None:
    printed = CliRunner().invoke(scale, ("--help",)).output
    for word in ("connections", "regions", "triggers", "webhooks", "--triggers-max", "--quick", "Examples:"):
        assert word in printed
