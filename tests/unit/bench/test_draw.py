"""The tables and pictures follow from the JSON of a run."""

from pathlib import Path

import msgspec
from click.testing import CliRunner

from bench.draw import draw
from bench.pictures import pictures
from bench.report import Report
from bench.side import EMPTY, PEER, PRODUCT
from bench.table import markdown
from tests.bench_report import example_report

REPORT = example_report()


def test_a_report_survives_its_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(REPORT), type=Report) == REPORT


def test_it_writes_the_tables_and_the_pictures_of_an_earlier_run(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    file.write_bytes(msgspec.json.encode(REPORT))
    options = ("--markdown", str(tmp_path / "figures.md"), "--pictures", str(tmp_path / "images"))
    result = CliRunner().invoke(draw, (str(file), *options))
    assert result.exit_code == 0
    assert result.output == (tmp_path / "figures.md").read_text() == markdown(REPORT)
    drawn = {path.name: path.read_text() for path in (tmp_path / "images").iterdir()}
    assert drawn == pictures(REPORT)
    assert sorted(drawn) == ["bench-links.svg", "bench-processor.svg", "bench-writes.svg"]


def test_the_picture_of_writes_leaves_out_the_empty_post_and_that_of_processor_time_has_it() -> None:
    drawn = pictures(REPORT)
    assert EMPTY not in drawn["bench-writes.svg"]
    assert EMPTY in drawn["bench-processor.svg"]
    assert all(name in drawn["bench-writes.svg"] for name in (PRODUCT, PEER))


def test_what_was_not_measured_has_no_picture() -> None:
    assert pictures(msgspec.structs.replace(REPORT, one_region=[], over_links=[])) == {}


def test_another_file_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"machine": 1}')
    result = CliRunner().invoke(draw, (str(file),))
    assert result.exit_code == 1
    assert "expected what `--json` wrote" in result.output
