"""CONTRIBUTING names the files of each kind of addition, and each file contains the example."""

import re
from pathlib import Path

import pytest

from tests.documents import ROOT
from tests.stored import layout

TABLE = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where to add what")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (an? [a-z ]+) \| `([^`]+)` \| (.+) \|$", TABLE, re.MULTILINE)
SERVICE, REPLICATOR = "service/", "replicator/"


def files_of(cell: str) -> list[Path]:
    """The files of a row without those of the replicator: the example is one of the service."""
    found = [ROOT / path for path in re.findall(r"\]\(([^)]+)\)", cell)]
    return [path for path in found if not path.relative_to(ROOT).as_posix().startswith(REPLICATOR)]


def text_of(path: Path) -> str:
    """A file's text, or that of all files in a folder."""
    return "".join(part.read_text() for part in path.glob("*.py")) if path.is_dir() else path.read_text()


def test_it_names_the_files_of_the_most_frequent_additions() -> None:
    kinds = {kind for kind, _, _ in ROWS}
    assert kinds >= {"a trigger name", "an event", "a route", "a metric", "an alert", "a format of the projection"}


@pytest.mark.parametrize(("kind", "example", "cell"), ROWS, ids=[kind for kind, _, _ in ROWS])
def test_every_file_that_it_names_has_the_example(kind: str, example: str, cell: str) -> None:
    files = files_of(cell)
    assert files, kind
    assert [path for path in files if example not in text_of(path)] == []


def test_the_files_of_an_event_are_all_files_that_name_it() -> None:
    (example, cell), *_ = ((example, cell) for kind, example, cell in ROWS if kind == "an event")
    sources = [path for package in ("core", SERVICE, REPLICATOR, "adapters") for path in (ROOT / package).rglob("*.py")]
    assert set(files_of(cell)) == {path for path in sources if re.search(rf"\b{example}\b", path.read_text())}


def test_every_format_up_to_the_present_one_has_a_captured_fixture() -> None:
    """They are numbered from 1. Data of the first format has no number."""
    (present,) = re.findall(r"^local FORMAT = (\d+)$", (ROOT / "adapters/lua/prelude.lua").read_text(), re.MULTILINE)
    reader = (ROOT / "tests/e2e/test_stored_before.py").read_text()
    for number in range(1, int(present) + 1):
        name = f"FORMAT_{number}"
        assert name in re.findall(r"\w+", reader.partition("@pytest.mark.parametrize")[2])
        regions = layout.read(getattr(layout, name)).regions.values()
        incarnations = [region.redis["projection"].fields["incarnation"] for region in regions]
        numbers = {re.sub(r"^(?:(\d+):)?\w+:.*$", r"\1", incarnation) for incarnation in incarnations}
        assert numbers == {"" if number == 1 else str(number)}
