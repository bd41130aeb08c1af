"""`python -m bench cost`, shortened; and regions that record nothing, which is looked at."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.cost_report import CostReport
from bench.errors import Unmeasured
from bench.pairs import Loaded
from bench.recorded import check_recorded
from bench.regions import TREE, running_regions
from bench.sides import RECORDING, Side

SHORT = ("--regions", "2", "--rtt", "0", "--rounds", "2", "--seconds", "0.2", "--connections", "4")


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        ((), ["without", "metrics", "metrics and lines"]),
        (("--against", str(TREE)), [str(TREE), "this tree"]),
        (("--servers",), ["one NATS server", "three NATS servers"]),
    ],
)
@pytest.mark.long
def test_it_compares_every_side_with_the_first_and_leaves_nothing_behind(
    options: tuple[str, ...], sides: list[str], tmp_path: Path, temporary: Path
) -> None:
    figures = tmp_path / "cost.json"
    command = (sys.executable, "-m", "bench", "cost", *SHORT, *options, "--json", str(figures))
    ended = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)  # noqa: S603 - ours
    print(ended.stdout, ended.stderr)
    assert ended.returncode == 0
    report = msgspec.json.decode(figures.read_bytes(), type=CostReport)
    assert [report.base.name, *(one.figures.name for one in report.others)] == sides
    assert report.rounds == 2
    for one in report.others:
        assert 0.1 < one.microseconds.mean < 10
        assert 0 < one.figures.service_microseconds < one.figures.microseconds
    assert re.search(r"round 1 of 2 is over, about \d+ s to go", ended.stderr)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("side", RECORDING, ids=lambda side: side.name)
@pytest.mark.long
def test_a_side_records_what_it_says_and_one_that_says_something_else_is_no_figure(side: Side) -> None:
    with running_regions(count=2, options=["--rtt", "0"], variables=side.variables()) as regions:
        assert Loaded(regions, connections=2).round(0.1).per_second > 0
        check_recorded(regions, side)
        for other in RECORDING:
            if other is not side:
                with pytest.raises(Unmeasured, match=r"show nothing, and should|should not have been recorded"):
                    check_recorded(regions, other)
