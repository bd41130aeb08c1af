"""A comparison reports each side's ratio to the first side."""

from rich.console import Console

from bench.comparison import Round, comparison_of, comparison_view
from bench.machine import Machine

BASE = [Round(1_000, 2_000, 900), Round(500, 4_000, 1_800), Round(800, 2_500, 1_000)]
MORE = [Round(990, 2_020, 909), Round(495, 4_040, 1_818), Round(792, 2_525, 1_010)]


def test_each_figure_is_a_median_and_each_ratio_is_against_the_first_side_in_the_same_round() -> None:
    comparison = comparison_of(
        {"before": BASE, "after": MORE},
        machine=Machine(cpus=2, python="3.11", load=0.1),
        regions=3,
        connections=32,
        seconds=1,
    )
    assert (comparison.base.per_second, comparison.base.microseconds, comparison.rounds) == (800, 2_500, 3)
    (after,) = comparison.others
    assert (after.figures.per_second, after.figures.microseconds) == (792, 2_525)
    assert (after.per_second.median, after.microseconds.mean) == (0.99, 1.01)
    assert after.service_microseconds.standard_error == 0
    console = Console(width=80)
    with console.capture() as capture:
        console.print(comparison_view(comparison))
    printed = [line.split() for line in capture.get().splitlines()]
    assert ["before", "800", "2,500", "1,000"] in printed
    assert ["median", "-1.0", "%", "+1.0", "%", "+1.0", "%"] in printed
    assert ["mean", *"-1.0 ± 0.0 %".split(), *"+1.0 ± 0.0 %".split(), *"+1.0 ± 0.0 %".split()] in printed
