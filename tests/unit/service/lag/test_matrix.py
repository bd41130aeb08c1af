"""A lag shows what is known, and the unknown as unknown."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from service.lag.matrix import SILENT_AFTER_SECONDS, Certainty, Known, Lag, Pair, matrix, oldest_unapplied, pairs
from service.watermarks.heard import Heard

IOWA, BELGIUM, JAPAN = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")
REGIONS = (IOWA, BELGIUM, JAPAN)
NOW, LONG_AGO = 1_000.0, 988.0
NOW_MILLISECONDS, WRITTEN_MILLISECONDS = 1_700_000_000_000, 1_699_999_995_000
EPOCH, OTHER_EPOCH = Epoch("k3v9x2"), Epoch("m7q4z1")


def mark(sequence: int, epoch: Epoch = EPOCH, *, events: int = 0) -> Mark:
    return Mark(epoch, Sequence(sequence), f"{sequence:016x}", events) if sequence else BEGINNING


def says(at_seconds: float = NOW, /, **sequences: int) -> Heard:
    """An announcement that a region has applied these sequences of `iowa`, `belgium` and `japan`."""
    names = {"iowa": IOWA, "belgium": BELGIUM, "japan": JAPAN}
    return Heard(at_seconds=at_seconds, vector={names[name]: mark(sequence) for name, sequence in sequences.items()})


def seen_from_iowa(
    heard: Mapping[Region, Heard], *, own_end: Mark | None = BEGINNING, own_read_at: float = NOW
) -> Known:
    return Known(
        here=IOWA,
        regions=REGIONS,
        heard=heard,
        own_end=own_end,
        own_read_at_seconds=own_read_at,
        since_seconds=900.0,
        now_seconds=NOW,
    )


def at(origin: Region, sequence: int, epoch: Epoch = EPOCH) -> Position:
    return Position(origin, epoch, Sequence(sequence))


def behind(known: Known, pair: Pair) -> Lag:
    written = dict.fromkeys(oldest_unapplied(known), WRITTEN_MILLISECONDS)
    return matrix(known, written_milliseconds=written, now_milliseconds=NOW_MILLISECONDS)[pair]


class Case(NamedTuple):
    what: str
    known: Known
    pair: Pair
    lag: Lag


IN_STEP = {
    IOWA: says(iowa=7, belgium=5, japan=3),
    BELGIUM: says(iowa=7, belgium=5, japan=3),
    JAPAN: says(iowa=7, belgium=5, japan=3),
}
NONE = Lag(milliseconds=0, certainty=Certainty.EXACT)

CASES = [
    Case("everything is everywhere", seen_from_iowa(IN_STEP, own_end=mark(7)), Pair(JAPAN, IOWA), NONE),
    Case("no event was ever written", seen_from_iowa(dict.fromkeys(REGIONS, says())), Pair(JAPAN, BELGIUM), NONE),
    Case(
        "events of this region are on their way",
        seen_from_iowa(IN_STEP | {JAPAN: says(iowa=4, belgium=5, japan=3)}, own_end=mark(7)),
        Pair(JAPAN, IOWA),
        Lag(events=3, milliseconds=5_000, certainty=Certainty.EXACT, oldest=at(IOWA, 5)),
    ),
    Case(
        "the log was read further than this region has applied",
        seen_from_iowa(IN_STEP, own_end=mark(9)),
        Pair(IOWA, IOWA),
        Lag(events=2, milliseconds=5_000, certainty=Certainty.EXACT, oldest=at(IOWA, 8)),
    ),
    Case(
        "another region has applied what this one has not read yet of its own log",
        seen_from_iowa(IN_STEP | {BELGIUM: says(iowa=9)}, own_end=mark(7)),
        Pair(IOWA, IOWA),
        Lag(events=2, milliseconds=5_000, certainty=Certainty.EXACT, oldest=at(IOWA, 8)),
    ),
    Case(
        "a region that is cut off may have applied more",
        seen_from_iowa(IN_STEP | {JAPAN: says(LONG_AGO, iowa=4, belgium=5, japan=3)}, own_end=mark(7)),
        Pair(JAPAN, IOWA),
        Lag(events=3, milliseconds=5_000, certainty=Certainty.AT_MOST, unheard_seconds=12.0, oldest=at(IOWA, 5)),
    ),
    Case(
        "a region that is cut off and had applied all that there is cannot have applied more",
        seen_from_iowa(IN_STEP | {JAPAN: says(LONG_AGO, iowa=7, belgium=5, japan=3)}, own_end=mark(7)),
        Pair(JAPAN, BELGIUM),
        NONE,
    ),
    Case(
        "the log of a region that is cut off may have more than this region has applied",
        seen_from_iowa(IN_STEP | {JAPAN: says(LONG_AGO, iowa=7, belgium=5, japan=3)}, own_end=mark(7)),
        Pair(IOWA, JAPAN),
        Lag(certainty=Certainty.AT_LEAST, unheard_seconds=12.0),
    ),
    Case(
        "some of the log of a region that is cut off is missing for certain",
        seen_from_iowa(IN_STEP | {JAPAN: says(LONG_AGO, japan=6)}),
        Pair(IOWA, JAPAN),
        Lag(events=3, milliseconds=5_000, certainty=Certainty.AT_LEAST, unheard_seconds=12.0, oldest=at(JAPAN, 4)),
    ),
    Case(
        "what a third region has applied is in the log of one that is cut off",
        seen_from_iowa(IN_STEP | {JAPAN: says(LONG_AGO, japan=3), BELGIUM: says(japan=6)}),
        Pair(IOWA, JAPAN),
        Lag(events=3, milliseconds=5_000, certainty=Certainty.AT_LEAST, unheard_seconds=12.0, oldest=at(JAPAN, 4)),
    ),
    Case(
        "how far a region that is cut off is behind itself is not known",
        seen_from_iowa(IN_STEP | {JAPAN: says(LONG_AGO, japan=3)}),
        Pair(JAPAN, JAPAN),
        Lag(certainty=Certainty.LAST_HEARD, unheard_seconds=12.0),
    ),
    Case(
        "of two regions that are cut off it is known how it was, since the earlier of the two",
        seen_from_iowa({BELGIUM: says(LONG_AGO, belgium=5), JAPAN: says(LONG_AGO - 1, belgium=3)}),
        Pair(JAPAN, BELGIUM),
        Lag(events=2, milliseconds=5_000, certainty=Certainty.LAST_HEARD, unheard_seconds=13.0, oldest=at(BELGIUM, 4)),
    ),
    Case(
        "a region was never heard, and how far it is behind is not known",
        seen_from_iowa({BELGIUM: says(belgium=5)}, own_end=mark(7)),
        Pair(JAPAN, IOWA),
        Lag(certainty=Certainty.NEVER_HEARD, unheard_seconds=100.0),
    ),
    Case(
        "an origin was never heard, and no other region has applied anything of it",
        seen_from_iowa({BELGIUM: says(belgium=5)}),
        Pair(BELGIUM, JAPAN),
        Lag(certainty=Certainty.NEVER_HEARD, unheard_seconds=100.0),
    ),
    Case(
        "an origin was never heard, but others have applied some of it",
        seen_from_iowa({IOWA: says(japan=2), BELGIUM: says(japan=3)}),
        Pair(IOWA, JAPAN),
        Lag(events=1, milliseconds=5_000, certainty=Certainty.AT_LEAST, unheard_seconds=100.0, oldest=at(JAPAN, 3)),
    ),
    Case(
        "this region's own log cannot be read",
        seen_from_iowa(IN_STEP, own_end=mark(7), own_read_at=LONG_AGO),
        Pair(BELGIUM, IOWA),
        Lag(certainty=Certainty.AT_LEAST, unheard_seconds=12.0),
    ),
    Case(
        "this region's own log was never read",
        seen_from_iowa({}, own_end=None),
        Pair(IOWA, IOWA),
        Lag(certainty=Certainty.NEVER_HEARD, unheard_seconds=100.0),
    ),
    Case(
        "the events of frames are counted, and the oldest of them are in the frame after the watermark",
        seen_from_iowa(IN_STEP | {JAPAN: Heard(NOW, {IOWA: mark(4, events=700)})}, own_end=mark(7, events=1_000)),
        Pair(JAPAN, IOWA),
        Lag(events=300, milliseconds=5_000, certainty=Certainty.EXACT, oldest=at(IOWA, 5)),
    ),
    Case(
        "nothing of a log of frames was applied yet",
        seen_from_iowa(IN_STEP | {JAPAN: says()}, own_end=mark(7, events=1_000)),
        Pair(JAPAN, IOWA),
        Lag(events=1_000, milliseconds=5_000, certainty=Certainty.EXACT, oldest=at(IOWA, 1)),
    ),
    Case(
        "an older announcer counts no events, and has applied one a message",
        seen_from_iowa(IN_STEP | {JAPAN: says(iowa=4)}, own_end=mark(7, events=1_000)),
        Pair(JAPAN, IOWA),
        Lag(events=996, milliseconds=5_000, certainty=Certainty.EXACT, oldest=at(IOWA, 5)),
    ),
    Case(
        "an older announcer is the only one that has applied the end of a log without frames",
        seen_from_iowa({BELGIUM: says(belgium=9), JAPAN: Heard(NOW, {BELGIUM: mark(5, events=5)})}),
        Pair(JAPAN, BELGIUM),
        Lag(events=4, milliseconds=5_000, certainty=Certainty.EXACT, oldest=at(BELGIUM, 6)),
    ),
    Case(
        "an older announcer has applied the whole log",
        seen_from_iowa(IN_STEP | {JAPAN: says(iowa=7)}, own_end=mark(7, events=1_000)),
        Pair(JAPAN, IOWA),
        NONE,
    ),
    Case(
        "each message that is missing has at least one event, whatever is counted",
        seen_from_iowa(IN_STEP | {JAPAN: Heard(NOW, {IOWA: mark(4, events=9)})}, own_end=mark(7)),
        Pair(JAPAN, IOWA),
        Lag(events=3, milliseconds=5_000, certainty=Certainty.EXACT, oldest=at(IOWA, 5)),
    ),
    Case(
        "a region counts the same message as applied that an older announcer does not count",
        seen_from_iowa({BELGIUM: says(belgium=9), JAPAN: Heard(NOW, {BELGIUM: mark(9, events=9)})}),
        Pair(JAPAN, BELGIUM),
        NONE,
    ),
    Case(
        "a region has applied events of a log that was made anew since",
        seen_from_iowa(IN_STEP | {JAPAN: Heard(NOW, {IOWA: mark(7, OTHER_EPOCH)})}, own_end=mark(8)),
        Pair(JAPAN, IOWA),
        Lag(certainty=Certainty.OTHER_LOG),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_a_lag_is_what_is_known_of_it(case: Case) -> None:
    assert behind(case.known, case.pair) == case.lag


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_no_unknown_lag_is_zero(case: Case) -> None:
    for lag in matrix(case.known, written_milliseconds={}, now_milliseconds=NOW_MILLISECONDS).values():
        if lag.events == 0:
            assert (lag.milliseconds == 0) == (lag.certainty is Certainty.EXACT) == lag.is_known
        else:
            assert lag.milliseconds is None


def test_a_region_that_was_silent_for_a_while_counts_as_not_heard() -> None:
    for seconds, certainty in (
        (SILENT_AFTER_SECONDS, Certainty.EXACT),
        (SILENT_AFTER_SECONDS + 0.1, Certainty.AT_MOST),
    ):
        known = seen_from_iowa({JAPAN: says(NOW - seconds, iowa=4)}, own_end=mark(7))
        assert behind(known, Pair(JAPAN, IOWA)).certainty is certainty


def test_the_age_of_an_event_from_the_future_is_zero() -> None:
    known = seen_from_iowa({JAPAN: says(iowa=4)}, own_end=mark(7))
    written = {at(IOWA, 5): NOW_MILLISECONDS + 1}
    lags = matrix(known, written_milliseconds=written, now_milliseconds=NOW_MILLISECONDS)
    assert lags[Pair(JAPAN, IOWA)].milliseconds == 0


def test_the_matrix_has_every_pair_row_by_row() -> None:
    known = seen_from_iowa({})
    assert list(pairs(known))[:4] == [Pair(IOWA, IOWA), Pair(IOWA, BELGIUM), Pair(IOWA, JAPAN), Pair(BELGIUM, IOWA)]
    assert set(matrix(known, written_milliseconds={}, now_milliseconds=0)) == set(pairs(known))
