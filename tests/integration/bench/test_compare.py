"""`python -m bench compare`, shortened."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.comparison import Comparison
from bench.regions import TREE

SHORT = ("--regions", "2", "--rtt", "0", "--rounds", "2", "--seconds", "0.2", "--connections", "4")


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        (("--against", str(TREE)), [str(TREE), "this tree"]),
        (("--servers",), ["one NATS server", "three NATS servers"]),
    ],
)
@pytest.mark.long
def test_it_compares_every_side_with_the_first_and_leaves_nothing_behind(
    options: tuple[str, ...], sides: list[str], tmp_path: Path, temporary: Path
) -> None:
    file = tmp_path / "comparison.json"
    command = (sys.executable, "-m", "bench", "compare", *SHORT, *options, "--json", str(file))
    ended = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)  # noqa: S603 - ours
    print(ended.stdout, ended.stderr)
    assert ended.returncode == 0
    comparison = msgspec.json.decode(file.read_bytes(), type=Comparison)
    assert [comparison.base.name, *(one.figures.name for one in comparison.others)] == sides
    assert comparison.rounds == 2
    for one in comparison.others:
        assert 0.1 < one.microseconds.mean < 10
        assert 0 < one.figures.service_microseconds < one.figures.microseconds
    assert re.search(r"load 2 of 4 is over, about \d+ s to go", ended.stderr)
    assert not list(temporary.iterdir())
