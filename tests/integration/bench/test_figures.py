"""`python -m bench figures`, shortened. It is the command that runs without a name."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.report import Report

SHORT = (
    *("--regions", "2", "--rtt", "40", "--local-count", "20", "--all-count", "5"),
    *("--connections", "4", "--seconds", "0.5", "--cut-seconds", "1"),
)


@pytest.mark.long
def test_it_measures_every_figure_and_leaves_nothing_behind(tmp_path: Path, temporary: Path) -> None:
    figures = tmp_path / "figures.json"
    command = (sys.executable, "-m", "bench", *SHORT, "--json", str(figures))
    ended = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)  # noqa: S603 - ours
    print(ended.stdout, ended.stderr)
    assert ended.returncode == 0
    report = msgspec.json.decode(figures.read_bytes(), type=Report)
    assert report.one_connection.latency.count == 20
    assert report.many_connections.per_second > 0
    assert [found.region for found in report.everywhere] == ["us-iowa", "europe-belgium"]
    assert all(found.ratio is not None and found.ratio >= 1 for found in report.everywhere)
    assert report.recovery is not None
    assert 0 < report.recovery.fed_after_seconds < 10
    assert not list(temporary.iterdir())
