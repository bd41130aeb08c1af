"""`crosshook lag` prints one row a region, the worst first, and no line is longer than the terminal is wide."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.lag.words import in_words
from core.positions import Region
from service.dashboard.messages import Cell, Note, Present, Urgency
from service.lag.matrix import Certainty
from tests.unit.cli.lag.shown import (
    BELGIUM,
    IOWA,
    JAPAN,
    LONGEST,
    REGIONS,
    SINCE,
    UNKNOWN,
    at_most,
    exact,
    printed,
    shown,
)

NOT_HEARD = Note(Urgency.WARNING, "Not heard: asia-japan since 11:59:48 UTC. Writes with all_regions wait for it.")
CUT = shown(
    {
        (IOWA, JAPAN): UNKNOWN,
        (BELGIUM, JAPAN): UNKNOWN,
        (JAPAN, IOWA): at_most(262, 14_400),
        (JAPAN, BELGIUM): at_most(3, 15_000),
        (JAPAN, JAPAN): Cell(None, None, Certainty.LAST_HEARD, SINCE, ""),
    },
    states={JAPAN: {"since_milliseconds": SINCE}},
    notes=[NOT_HEARD],
)


def test_a_region_that_is_cut_off_has_its_worst_lag_first_and_then_what_fits_into_the_line() -> None:
    assert printed(CUT, columns=80) == [
        "seen from us-iowa, by its process here:8081, at 12:00:00 UTC",
        "region                 not applied: origin and lag, the worst first",
        "us-iowa                asia-japan: ? since 11:59:48",
        "europe-belgium         asia-japan: ? since 11:59:48",
        "asia-japan, not heard  europe-belgium: ≤ 3 events, ≤ 15.0 s; 2 more",
        "warning: Not heard: asia-japan since 11:59:48 UTC. Writes with all_regions wait",
        "  for it.",
    ]


def test_a_pipe_gets_one_complete_line_for_each_region_and_note() -> None:
    *_, japan, note = printed(CUT, columns=None)
    assert japan == (
        "asia-japan, not heard  europe-belgium: ≤ 3 events, ≤ 15.0 s; us-iowa: ≤ 262 events, ≤ 14.4 s; "
        "asia-japan: ? since 11:59:48"
    )
    assert note == f"warning: {NOT_HEARD.text}"


def test_if_no_event_is_missing_every_region_is_at_0() -> None:
    assert printed(shown({}), columns=80)[2:] == ["us-iowa         0", "europe-belgium  0", "asia-japan      0"]


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ({"since_milliseconds": SINCE, "is_current": False}, "asia-japan, not heard"),
        ({"has_own_nats": False, "is_current": False}, "asia-japan, without its NATS"),
        ({"is_current": False}, "asia-japan, rebuilding"),
        ({"state": "joining"}, "asia-japan, joining"),
    ],
)
def test_a_region_is_labelled_with_its_state(state: dict[str, object], label: str) -> None:
    assert printed(shown({}, states={JAPAN: state}), columns=80)[-1] == f"{label}  0"


def test_ten_regions_with_the_longest_names_have_one_line_each_on_a_wide_terminal() -> None:
    behind = {pair: exact(1_345_678, 99_960_000) for pair in product(LONGEST, LONGEST)}
    lines = printed(shown(behind, regions=LONGEST), columns=120)
    assert len(lines) == 12
    assert lines[2].endswith(": 1345678 events, 27 h 46 min; 9 more")


@pytest.mark.parametrize("regions", [REGIONS, LONGEST])
def test_a_table_that_is_watched_does_not_move_when_its_figures_grow(regions: tuple[Region, ...]) -> None:
    def place(events: int) -> int:
        behind = {pair: exact(events, 1_000 * events) for pair in product(regions, regions)}
        lines = printed(shown(behind, regions=regions), columns=80)
        first = next(line for line in lines if line.startswith(regions[0]))
        return first.index(regions[0], len(regions[0]))

    assert place(1) == place(10**9)


def test_notes_have_their_urgency_and_come_below() -> None:
    notes = [Note(Urgency.ALARM, "asia-japan has halted us-iowa."), Note(Urgency.NOTE, "europe-belgium is joining.")]
    assert printed(shown({}, notes=notes), columns=80)[-2:] == [
        "alarm: asia-japan has halted us-iowa.",
        "note: europe-belgium is joining.",
    ]


names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True).map(Region)
cells = st.builds(
    Cell,
    st.none() | st.integers(0, 2**64 - 1),
    st.none() | st.integers(0, 10**13),
    st.sampled_from(Certainty),
    st.none() | st.just(SINCE),
    st.sampled_from(["", "", "forked", "epoch_changed"]),
)


@st.composite
def presents(draw: st.DrawFn) -> Present:
    regions = draw(st.lists(names, min_size=1, max_size=10, unique=True))
    few = draw(st.lists(cells, min_size=1, max_size=12))
    pairs = list(product(regions, regions))
    state = {"since_milliseconds": draw(st.none() | st.just(SINCE)), "has_own_nats": draw(st.booleans())}
    chosen = {pair: few[place % len(few)] for place, pair in enumerate(pairs)}
    return shown(chosen, regions=regions, states={regions[0]: state}, notes=[NOT_HEARD])


@given(presents(), st.integers(80, 200))
def test_whatever_there_is_to_print_no_line_is_longer_than_the_terminal_is_wide(present: Present, columns: int) -> None:
    lines = printed(present, columns=columns)
    assert max(map(len, lines)) <= columns
    labels = [line.partition(",")[0].split(" ")[0] for line in lines if line[:1].strip()]
    assert [label for label in labels[2:] if label != "warning:"] == [region.name for region in present.regions]


@given(presents())
def test_whatever_there_is_to_print_a_pipe_gets_every_cell(present: Present) -> None:
    lines = printed(present, columns=None)
    assert len(lines) == 2 + len(present.regions) + len(present.notes)
    origins = [region.name for region in present.regions]
    for number, line in enumerate(lines[2:-1]):
        row = present.cells[number * len(origins) : (number + 1) * len(origins)]
        for origin, cell in zip(origins, row, strict=True):
            assert (f" {origin}: {in_words(cell)}" in line) == (not cell.is_complete)
