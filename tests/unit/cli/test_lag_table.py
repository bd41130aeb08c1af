"""The table of lag is read without colours, in 80 characters."""

import io

import pytest
from rich.console import Console

from cli.lag_cells import Applied, End, Snapshot
from cli.lag_table import lag_view
from core.positions import Epoch, Mark, Position, Region, Sequence

IOWA, BELGIUM, JAPAN = REGIONS = (Region("us-iowa"), Region("europe-belgium"), Region("asia-japan"))
FIRST = Epoch("first")


def at(sequence: int) -> Mark:
    return Mark(epoch=FIRST, sequence=Sequence(sequence), fingerprint="f" * 16)


def printed(snapshot: Snapshot, *, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(lag_view(snapshot))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def cells(text: str, region: Region) -> list[str]:
    """The cells of a region's row, each line of each apart."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(f" {region} "))
    return [word.strip() for line in lines[first : first + 2] for word in line.split("   ") if word.strip()]


@pytest.fixture
def troubled() -> Snapshot:
    """Iowa is fine, Belgium is cut off and has halted Japan, Japan is rebuilding."""
    return Snapshot(
        regions=REGIONS,
        ends={region: End(epoch=FIRST, sequence=Sequence(123_456)) for region in REGIONS},
        applied={
            IOWA: Applied(vector={IOWA: at(123_456), BELGIUM: at(123_455), JAPAN: at(123_456)}),
            BELGIUM: Applied(
                vector={IOWA: at(456), BELGIUM: at(123_456), JAPAN: at(123_451)},
                halted={JAPAN: "epoch_changed: the log has epoch b, and [a] was read"},
            ),
            JAPAN: Applied(vector={}, is_current=False),
        },
        cut=frozenset({BELGIUM}),
        stored_at_seconds={
            Position(origin=BELGIUM, epoch=FIRST, sequence=Sequence(123_456)): 999.7,
            Position(origin=IOWA, epoch=FIRST, sequence=Sequence(457)): 901.0,
        },
        now_seconds=1_000.0,
    )


def test_whatever_is_the_matter_three_regions_fit_into_80_characters(troubled: Snapshot) -> None:
    text = printed(troubled)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_each_cell_says_in_words_what_is_the_matter(troubled: Snapshot) -> None:
    text = printed(troubled, width=120)
    assert cells(text, IOWA)[:4] == ["us-iowa", "0", "1 event, 0.3 s", "0"]
    assert cells(text, BELGIUM) == [
        "europe-belgium", "123000 events, 99.0 s", "0", "halted: epoch_changed",
        "cut off", "5 events, age unknown",
    ]  # fmt: skip
    assert cells(text, JAPAN)[0] == "asia-japan"
    assert cells(text, JAPAN)[4] == "rebuilding"
    assert "europe-belgium: halted for asia-japan: epoch_changed: the log has epoch b, and [a] was read" in text


def test_ten_regions_have_numbered_columns() -> None:
    regions = tuple(Region(f"region-{letter}") for letter in "abcdefghij")
    snapshot = Snapshot(
        regions=regions,
        ends={region: End(epoch=FIRST, sequence=Sequence(12)) for region in regions},
        applied={region: Applied(vector=dict.fromkeys(regions, at(12))) for region in regions},
    )
    text = printed(snapshot)
    assert max(map(len, text.splitlines())) <= 80
    assert "10 region-j" in text
    assert cells(text, Region("10 region-j"))[1:11] == ["0"] * 10
