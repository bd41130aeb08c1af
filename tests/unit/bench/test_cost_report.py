"""What is said of sides is how they are to the first one."""

from rich.console import Console

from bench.cost_report import cost_view, report_of
from bench.pairs import Round
from bench.report import Machine

BASE = [Round(1_000, 2_000, 900), Round(500, 4_000, 1_800), Round(800, 2_500, 1_000)]
MORE = [Round(990, 2_020, 909), Round(495, 4_040, 1_818), Round(792, 2_525, 1_010)]


def test_each_figure_is_a_median_and_each_ratio_is_against_the_first_side_in_the_same_round() -> None:
    report = report_of(
        {"without": BASE, "metrics": MORE},
        machine=Machine(cpus=2, python="3.11", load=0.1),
        regions=3,
        connections=32,
        seconds=1,
    )
    assert (report.base.per_second, report.base.microseconds, report.rounds) == (800, 2_500, 3)
    (metrics,) = report.others
    assert (metrics.figures.per_second, metrics.figures.microseconds) == (792, 2_525)
    assert (metrics.per_second.median, metrics.microseconds.mean) == (0.99, 1.01)
    assert metrics.service_microseconds.standard_error == 0
    console = Console(width=80)
    with console.capture() as capture:
        console.print(cost_view(report))
    said = [line.split() for line in capture.get().splitlines()]
    assert ["without", "800", "2,500", "1,000"] in said
    assert ["median", "-1.0", "%", "+1.0", "%", "+1.0", "%"] in said
    assert ["mean", *"-1.0 ± 0.0 %".split(), *"+1.0 ± 0.0 %".split(), *"+1.0 ± 0.0 %".split()] in said
