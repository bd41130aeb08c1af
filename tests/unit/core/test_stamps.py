import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.positions import Region, Sequence
from core.stamps import (
    CLOCK_WIDTH,
    LOGICAL_BITS,
    NEVER,
    STAMP_WIDTH,
    Clock,
    milliseconds,
    origin_code,
    parse,
    place_in,
    render,
    stamp,
    tick,
)

IN_2026 = 1_790_000_000_000

clocks = st.integers(min_value=0, max_value=2 ** (4 * CLOCK_WIDTH) - 1).map(Clock)
origins = st.sampled_from(["us-iowa", "europe-belgium", "asia-japan"]).map(Region)
sequences = st.integers(min_value=1, max_value=2**48 - 1).map(Sequence)


def test_the_first_event_takes_the_local_time() -> None:
    assert tick(now_milliseconds=IN_2026, seen=NEVER) == IN_2026 << LOGICAL_BITS


def test_within_one_millisecond_events_count_up() -> None:
    first = tick(now_milliseconds=IN_2026, seen=NEVER)
    second = tick(now_milliseconds=IN_2026, seen=first)
    assert second == first + 1
    assert milliseconds(second) == IN_2026


def test_a_full_counter_carries_into_the_milliseconds() -> None:
    full = Clock((IN_2026 << LOGICAL_BITS) + 2**LOGICAL_BITS - 1)
    following = tick(now_milliseconds=IN_2026, seen=full)
    assert following == (IN_2026 + 1) << LOGICAL_BITS


@given(now=st.integers(min_value=0, max_value=2**47), seen=clocks)
def test_a_new_reading_is_above_all_that_was_seen_however_far_ahead_that_is(now: int, seen: Clock) -> None:
    reading = tick(now_milliseconds=now, seen=seen)
    assert reading > seen
    assert milliseconds(reading) >= now


@given(
    skews=st.tuples(*[st.integers(min_value=-(10**12), max_value=10**12)] * 3),
    authors=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50)), max_size=50),
)
def test_a_decision_that_saw_the_others_is_later_whatever_the_skews(
    skews: tuple[int, int, int], authors: list[tuple[int, int]]
) -> None:
    now, readings = IN_2026, [NEVER]
    for author, pause in authors:
        now += pause
        readings.append(tick(now_milliseconds=now + skews[author], seen=readings[-1]))
    assert readings == sorted(set(readings))


@given(clocks)
def test_a_reading_survives_its_text(clock: Clock) -> None:
    assert parse(render(clock)) == clock
    assert len(render(clock)) == CLOCK_WIDTH


Place = tuple[Clock, Region, Sequence]
places = st.tuples(clocks | st.integers(0, 3).map(Clock), origins, sequences | st.integers(1, 20).map(Sequence))


def _stamp(place: Place) -> str:
    clock, origin, sequence = place
    return stamp(render(clock), origin, sequence)


@given(places, places)
def test_stamps_are_ordered_by_clock_then_origin_then_sequence(one: Place, other: Place) -> None:
    def rank(place: Place) -> tuple[Clock, str, Sequence]:
        clock, origin, sequence = place
        return clock, origin_code(origin), sequence

    assert (_stamp(one) < _stamp(other)) == (rank(one) < rank(other))
    assert (_stamp(one) == _stamp(other)) == (one == other)


@given(places)
def test_a_stamp_has_a_fixed_width_and_its_clock_in_front(place: Place) -> None:
    assert len(_stamp(place)) == STAMP_WIDTH
    assert parse(_stamp(place)) == place[0]


@pytest.mark.parametrize("region", ["us-iowa", "europe-belgium", "asia-japan"])
def test_an_origins_code_has_the_width_that_stamps_give_it(region: str) -> None:
    assert len(stamp(render(NEVER), Region(region), Sequence(1))) == STAMP_WIDTH


@given(places, st.permutations(["us-iowa", "europe-belgium", "asia-japan"]))
def test_a_stamp_names_the_place_of_its_event_if_the_origins_are_known(place: Place, names: list[str]) -> None:
    _, origin, sequence = place
    assert place_in(_stamp(place), [*map(Region, names), origin]) == (origin, sequence)
    assert place_in(_stamp(place), [Region("elsewhere")]) is None
