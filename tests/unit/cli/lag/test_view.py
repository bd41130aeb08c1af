"""What `crosshook lag` shows is read without colours, and no line of it is longer than the terminal is wide."""

import io
import random
import re
from collections.abc import Sequence as Several
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from cli.lag.cells import Applied, End, Snapshot, cell
from cli.lag.layout import layouts
from cli.lag.notes import notes
from cli.lag.table import height_max, tables
from cli.lag.view import Terminal
from core.positions import Epoch, Mark, Position, Region, Sequence
from tests.unit.cli.printed_lag import WITHOUT_AGES, matrix, may_say, printed

IOWA, BELGIUM, JAPAN = REGIONS = (Region("us-iowa"), Region("europe-belgium"), Region("asia-japan"))
FIRST = Epoch("first")
LONGEST = tuple(Region(f"a-region-with-a-long-long-name-{letter}") for letter in "abcdefghij")
USUAL = Terminal(columns=80, lines=24)

COUNTS = (0, 0, 1, 3, 999, 9_999, 10_000, 123_456, 1_345_678, 999_999_999, 2**64 - 1)
AGES_SECONDS = (None, 0.0, 0.3, 119.94, 3_599.0, 5_999.0, 35_999.0, 99_960.0, 863_999.0, 1.7e9)
HALTED = ("forked: another event stands at 120", "epoch_changed: the log has epoch b, and [a] was read", "undecodable")
NOW_SECONDS = 2e9


def at(sequence: int, epoch: str = "first") -> Mark:
    return Mark(epoch=Epoch(epoch), sequence=Sequence(sequence), fingerprint="f" * 16)


def all_behind(regions: Several[Region], *, events: int, seconds: float) -> Snapshot:
    """Every region lacks so many events of each."""
    end = End(epoch=FIRST, sequence=Sequence(events + 1))
    return Snapshot(
        regions=tuple(regions),
        ends=dict.fromkeys(regions, end),
        applied={region: Applied(vector=dict.fromkeys(regions, at(1))) for region in regions},
        stored_at_seconds={
            Position(origin=origin, epoch=FIRST, sequence=Sequence(2)): NOW_SECONDS - seconds for origin in regions
        },
        now_seconds=NOW_SECONDS,
    )


def anything(regions: Several[Region], seed: int, *, trouble: float) -> Snapshot:
    """A snapshot in which there is `trouble`, from 0 to 1, and figures are as small and as large as they can be."""
    chance = random.Random(seed)
    ends = {region: chance.choice(COUNTS) for region in regions if chance.random() >= trouble}
    applied = {}
    stored_at_seconds = {}
    for region in regions:
        vector = {}
        for origin in regions:
            end = ends.get(origin, 2**64 - 1)
            mark = max(0, end - chance.choice(COUNTS))
            vector[origin] = at(mark, "second" if chance.random() < trouble / 5 else "first")
            if (seconds := chance.choice(AGES_SECONDS)) is not None:
                oldest = Position(origin=origin, epoch=FIRST, sequence=Sequence(mark + 1))
                stored_at_seconds[oldest] = NOW_SECONDS - seconds
        halted = {origin: chance.choice(HALTED) for origin in regions if chance.random() < trouble / 5}
        if chance.random() >= trouble:
            applied[region] = Applied(vector=vector, is_current=chance.random() >= trouble, halted=halted)
    return Snapshot(
        regions=tuple(regions),
        ends={origin: End(epoch=FIRST, sequence=Sequence(end)) for origin, end in ends.items()},
        applied=applied,
        unknown=dict.fromkeys(regions, "its NATS is not reached (nats: no servers available for connection)"),
        cut=frozenset(region for region in regions if chance.random() < trouble),
        stored_at_seconds=stored_at_seconds,
        now_seconds=NOW_SECONDS,
    )


def check(text: str, snapshot: Snapshot, terminal: Terminal) -> None:
    """No line is too long, nothing is broken or left out, and every cell says what is so."""
    assert max(map(len, text.splitlines())) <= terminal.columns
    assert "…" not in text
    words = " ".join(text.split())
    has_ages = WITHOUT_AGES not in words
    found = matrix(text, snapshot.regions)
    for region, origin in product(snapshot.regions, repeat=2):
        assert found[region, origin] in list(may_say(cell(snapshot, region=region, origin=origin), has_ages=has_ages))
    assert words.endswith(" ".join(notes(snapshot)))
    tables = len(re.findall(r"^[─┼]+$", text, re.MULTILINE))
    assert len(re.findall(r"^ *cut off(?! from)", text, re.MULTILINE)) == tables * len(snapshot.cut)


names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
long_names = st.from_regex(r"[a-z0-9][a-z0-9-]{30}[a-z0-9]", fullmatch=True)
some_regions = st.sampled_from([names, long_names]).flatmap(
    lambda kind: st.lists(kind.map(Region), min_size=1, max_size=10, unique=True)
)
seeds = st.integers(0, 2**32)
troubles = st.sampled_from([0.0, 0.1, 0.5])


@given(
    regions=some_regions,
    seed=seeds,
    trouble=troubles,
    columns=st.sampled_from([80, 100, 200]) | st.integers(36, 400),
    lines=st.none() | st.integers(5, 60),
)
@example(regions=list(LONGEST), seed=0, trouble=0.5, columns=80, lines=24)
def test_whatever_there_is_to_say_no_line_is_too_long_and_nothing_is_broken(
    regions: list[Region], seed: int, trouble: float, columns: int, lines: int | None
) -> None:
    snapshot = anything(regions, seed, trouble=trouble)
    terminal = Terminal(columns=columns, lines=lines)
    text = printed(snapshot, terminal)
    check(text, snapshot, terminal)
    assert lines is not None or WITHOUT_AGES not in text


@given(regions=some_regions, seed=seeds, trouble=troubles, columns=st.integers(36, 200))
def test_no_layout_is_wider_or_higher_than_it_is_taken_for(
    regions: list[Region], seed: int, trouble: float, columns: int
) -> None:
    snapshot = anything(regions, seed, trouble=trouble)
    for layout in layouts(regions, columns=columns):
        console = Console(file=io.StringIO(), width=10_000, color_system=None)
        console.print(*tables(snapshot, layout))
        assert isinstance(console.file, io.StringIO)
        lines = console.file.getvalue().splitlines()
        assert max(map(len, lines)) <= columns
        assert len(lines) <= height_max(snapshot, layout)


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("1.3 M", "1.4 M"),
        ("1.3 M", "1.3  "),
        ("27 h", "27 m"),
        ("│ 1.3 M", "│  1.3 M"),
        ("│ 1.3 M│", "│      │"),
        ("\n 3 ", "\n 4 "),
        (LONGEST[9], LONGEST[9][:-1]),
        ("\n", " \n"),
        ("M\n", "\nM\n"),
    ],
)
def test_one_wrong_character_anywhere_is_found(what: str, instead: str) -> None:
    snapshot = all_behind(LONGEST, events=1_345_678, seconds=99_960.0)
    text = printed(snapshot, Terminal(columns=80))
    check(text, snapshot, Terminal(columns=80))
    assert what in text
    with pytest.raises((AssertionError, StopIteration)):
        check(text.replace(what, instead, 1), snapshot, Terminal(columns=80))


@pytest.mark.parametrize("trouble", [0.0, 0.5])
@pytest.mark.parametrize("regions", [REGIONS, LONGEST], ids=["three", "ten"])
def test_what_is_piped_has_a_line_for_each_region_with_every_figure_in_full(
    regions: Several[Region], trouble: float
) -> None:
    snapshot = anything(regions, seed=1, trouble=trouble)
    _, heading, _, *rest = printed(snapshot, None).splitlines()
    assert heading.split() == ["region", *regions]
    for region, line in zip(regions, rest, strict=False):
        cells = (cell(snapshot, region=region, origin=origin) for origin in regions)
        in_full = [", ".join(next(may_say(shown, has_ages=True))) for shown in cells]
        assert re.split(" {3,}", line.strip()) == [region, *in_full]
    said = list(notes(snapshot))
    assert rest[len(rest) - len(said) :] == said


@pytest.fixture
def troubled() -> Snapshot:
    """Iowa is fine, Belgium is cut off and has halted Japan, Japan is rebuilding."""
    return Snapshot(
        regions=REGIONS,
        ends={region: End(epoch=FIRST, sequence=Sequence(1_345_678)) for region in REGIONS},
        applied={
            IOWA: Applied(vector={IOWA: at(1_345_678), BELGIUM: at(1_345_677), JAPAN: at(1_345_678)}),
            BELGIUM: Applied(
                vector={IOWA: at(0), BELGIUM: at(1_345_678), JAPAN: at(1_345_673)},
                halted={JAPAN: "epoch_changed: the log has epoch b, and [a] was read"},
            ),
            JAPAN: Applied(vector={JAPAN: at(1_345_678)}, is_current=False),
        },
        cut=frozenset({BELGIUM}),
        stored_at_seconds={
            Position(origin=BELGIUM, epoch=FIRST, sequence=Sequence(1_345_678)): NOW_SECONDS - 0.3,
            Position(origin=IOWA, epoch=FIRST, sequence=Sequence(1)): NOW_SECONDS - 99_960.0,
        },
        now_seconds=NOW_SECONDS,
    )


def test_three_regions_have_their_names_at_rows_and_columns_of_the_usual_terminal(troubled: Snapshot) -> None:
    assert [line.rstrip() for line in printed(troubled, USUAL).splitlines()] == [
        "region                       us-iowa        europe-belgium            asia-japan",
        80 * "─",
        "us-iowa                            0        1 event, 0.3 s                     0",
        "europe-belgium  1345678 events, 27 h                     0                halted",
        "  cut off                                                        5 events, age ?",
        "asia-japan      1345678 events, 27 h   1.3 M events, age ?                     0",
        "  rebuilding",
        "Row: region. Column: origin. Events not applied there, and the oldest one's age.",
        "europe-belgium: cut off from the other regions",
        "europe-belgium: halted for asia-japan: epoch_changed: the log has epoch b, and",
        "  [a] was read",
        "asia-japan: rebuilding its projection; it answers 503 until that is current",
    ]


def test_ten_regions_with_the_longest_names_have_numbers_and_a_legend_in_80_columns() -> None:
    lines = printed(all_behind(LONGEST, events=1_345_678, seconds=99_960.0), Terminal(columns=80)).splitlines()
    assert lines[0] == "region    │     1│     2│     3│     4│     5│     6│     7│     8│     9│    10"
    assert lines[20:24] == [
        "10        │ 1.3 M│ 1.3 M│ 1.3 M│ 1.3 M│ 1.3 M│ 1.3 M│ 1.3 M│ 1.3 M│ 1.3 M│ 1.3 M",
        "          │  27 h│  27 h│  27 h│  27 h│  27 h│  27 h│  27 h│  27 h│  27 h│  27 h",
        "",
        " 1 a-region-with-a-long-long-name-a   6 a-region-with-a-long-long-name-f",
    ]
    assert len(lines) == 29


def test_where_there_are_too_few_lines_for_ages_the_table_says_that_it_has_none() -> None:
    snapshot = all_behind(LONGEST, events=1_345_678, seconds=99_960.0)
    text = printed(snapshot, USUAL)
    assert len(text.splitlines()) <= 24
    assert WITHOUT_AGES in text
    assert WITHOUT_AGES not in printed(snapshot, Terminal(columns=80, lines=29))


@pytest.mark.parametrize("regions", [REGIONS, LONGEST], ids=["three", "ten"])
@pytest.mark.parametrize("lines", [24, 50])
def test_a_table_that_is_looked_at_does_not_move_when_its_figures_grow(regions: Several[Region], lines: int) -> None:
    small, large = (
        printed(all_behind(regions, events=events, seconds=seconds), Terminal(columns=80, lines=lines)).splitlines()[0]
        for events, seconds in ((0, 0.0), (2**63, 1e9))
    )
    assert small == large


@pytest.mark.parametrize(
    ("columns", "heading", "said"),
    [
        (80, "     1", ["1.3 M", "27 h"]),
        (200, "      1", ["1345678, 27 h"]),
        (400, f"  {LONGEST[0]}", ["1345678 events, 27 h 46 min"]),
    ],
)
def test_a_wider_terminal_has_more_of_names_and_figures(columns: int, heading: str, said: list[str]) -> None:
    text = printed(all_behind(LONGEST, events=1_345_678, seconds=99_960.0), Terminal(columns=columns))
    assert heading in text.splitlines()[0]
    assert matrix(text, LONGEST)[LONGEST[0], LONGEST[1]] == said


def test_a_terminal_that_is_narrower_than_ten_columns_has_them_in_several_tables() -> None:
    snapshot = all_behind(LONGEST, events=1_345_678, seconds=99_960.0)
    text = printed(snapshot, Terminal(columns=40))
    assert text.count("region  ") == 3
    check(text, snapshot, Terminal(columns=40))


def test_a_topology_without_a_region_to_be_asked_is_no_failure() -> None:
    assert "Row: region." in printed(Snapshot(regions=(), ends={}, applied={}), USUAL)
