"""`python -m bench figures`, shortened. It is the command that runs without a name."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from bench.cells import TOTAL
from bench.figures import figures
from bench.postgres import INSTALL
from bench.regions import TREE
from bench.report import Report
from bench.side import EMPTY, PEER, PEER_AT_ONCE, PRODUCT
from bench.table import markdown

SHORT = ("--quick", "--rounds", "2", "--seconds", "0.1")
BEFORE = f"the build in {TREE.name}"


def measured(tmp_path: Path, *options: str) -> Report:
    files = tmp_path / "figures.json", tmp_path / "figures.md"
    command = (sys.executable, "-m", "bench", *SHORT, *options, "--json", str(files[0]), "--markdown", str(files[1]))
    ended = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)  # noqa: S603 - ours
    print(ended.stdout, ended.stderr)
    assert ended.returncode == 0
    report = msgspec.json.decode(files[0].read_bytes(), type=Report)
    assert ended.stdout == files[1].read_text() == markdown(report)
    return report


@pytest.mark.long
@pytest.mark.postgres
def test_in_one_region_it_measures_every_side_beside_the_product(tmp_path: Path, temporary: Path) -> None:
    report = measured(tmp_path, "--part", "one-region", "--against", str(TREE))
    sides = [PRODUCT, BEFORE, PEER, PEER_AT_ONCE, EMPTY]
    assert [(cell.connections, cell.side) for cell in report.one_region] == [
        (connections, side) for connections in (1, 8, 32, 64) for side in sides
    ]
    kinds = {cell.side: set(cell.processor_milliseconds) - {TOTAL} for cell in report.one_region}
    assert kinds[PRODUCT] == kinds[BEFORE] == {"service", "replicator", "Redis", "NATS"}
    assert kinds[PEER] == {"application", "PostgreSQL"}
    assert all(spread.least > 0 for cell in report.one_region for spread in cell.processor_milliseconds.values())
    assert all(list(cell.over) == sides[1:] for cell in report.one_region if cell.side == PRODUCT)
    assert report.left_out == []
    assert not list(temporary.iterdir())


@pytest.mark.long
def test_it_measures_three_regions_links_and_a_cut(tmp_path: Path, temporary: Path) -> None:
    report = measured(tmp_path, "--part", "three-regions", "--part", "links", "--part", "cut")
    assert [cell.level for cell in report.three_regions] == ["local_region", "all_regions"]
    (linked,) = report.over_links
    assert (linked.regions, linked.farthest, linked.latency.count) == (3, "asia-japan", 400)
    assert linked.latency.p50_milliseconds >= linked.round_trip_milliseconds == 140
    assert report.recovery is not None
    assert 0 < report.recovery.fed_after_seconds < 10
    assert report.one_region == []
    assert not list(temporary.iterdir())


@pytest.mark.long
def test_it_measures_the_space_of_a_trigger(tmp_path: Path, temporary: Path) -> None:
    found = measured(tmp_path, "--part", "space").space
    assert found is not None
    assert found.webhooks * found.triggers_of_a_webhook == 1_000 * found.frame_events
    assert 60 < found.redis_bytes < 250
    assert 150 < found.log_bytes < 500
    assert not list(temporary.iterdir())


@pytest.mark.long
def test_it_measures_a_rebuild_in_turn_with_the_script_alone(tmp_path: Path, temporary: Path) -> None:
    found = measured(tmp_path, "--part", "rebuild").rebuild
    assert found is not None
    assert found.per_second.least > 1_000
    assert found.script_per_second.least > 1_000
    assert 0.02 < found.ratio.least <= found.ratio.most < 1.5
    assert found.resident_bytes_before <= found.resident_bytes_most
    assert not list(temporary.iterdir())


@pytest.mark.long
def test_it_measures_until_everything_is_everywhere_after_a_cut(tmp_path: Path, temporary: Path) -> None:
    found = measured(tmp_path, "--part", "catch-up").catch_up
    assert found is not None
    assert set(found.after_seconds) == {"us-iowa", "europe-belgium", "asia-japan"}
    assert 0 < found.everywhere_after_seconds < 20
    assert not list(temporary.iterdir())


@pytest.mark.long
def test_it_measures_requests_that_wait_at_the_same_time(tmp_path: Path, temporary: Path) -> None:
    found = measured(tmp_path, "--part", "waiting").waiting
    assert found is not None
    assert (found.created, found.late) == (1_000, 0)
    assert found.resident_bytes_before < found.resident_bytes_most
    assert 0 < found.idle_processor < 1
    assert not list(temporary.iterdir())


@pytest.mark.long
def test_without_postgresql_it_prints_what_to_install_and_measures_the_other_sides(
    monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    monkeypatch.setattr("bench.figures.find_postgres", lambda: None)
    result = CliRunner().invoke(figures, (*SHORT, "--part", "one-region"))
    assert result.exit_code == 0
    why = f"PostgreSQL is not installed, so it is left out: {INSTALL}"
    assert why in " ".join(result.stderr.split())
    assert result.stdout.endswith(f"{why}\n")
    assert f"| {PRODUCT} ÷ {EMPTY} |" in result.stdout
    assert PEER not in result.stdout.removesuffix(f"{why}\n")
    assert not list(temporary.iterdir())
