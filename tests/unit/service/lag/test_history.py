"""The history has the last 15 minutes."""

from core.positions import Region
from service.lag.history import NOT_KNOWN, LagHistory, Past
from service.lag.matrix import Certainty, Lag, Pair

HERE, THERE = Region("us-iowa"), Region("asia-japan")
KNOWN = Lag(milliseconds=0, certainty=Certainty.EXACT)


def sample(there_behind_here: Lag) -> dict[Pair, Lag]:
    pairs = [Pair(behind, origin) for behind in (HERE, THERE) for origin in (HERE, THERE)]
    return dict.fromkeys(pairs, KNOWN) | {Pair(THERE, HERE): there_behind_here}


def test_each_pair_has_its_samples_in_order_and_an_unknown_lag_is_not_zero() -> None:
    history = LagHistory((HERE, THERE))
    history.add(1_000, sample(Lag(events=3, milliseconds=250, certainty=Certainty.EXACT)))
    history.add(2_001, sample(Lag(events=4, certainty=Certainty.AT_MOST)))
    history.add(3_002, sample(Lag(events=5, milliseconds=900, certainty=Certainty.LAST_HEARD)))
    assert history.past() == Past(
        at_milliseconds=[1_000, 2_001, 3_002],
        events=[[0, 0, 0], [0, 0, 0], [3, 4, NOT_KNOWN], [0, 0, 0]],
        milliseconds=[[0, 0, 0], [0, 0, 0], [250, NOT_KNOWN, NOT_KNOWN], [0, 0, 0]],
    )


def test_the_oldest_sample_makes_room_for_the_next() -> None:
    history = LagHistory((HERE, THERE), samples_max=2)
    for second in range(1, 5):
        history.add(second * 1_000, sample(KNOWN))
    assert history.past().at_milliseconds == [3_000, 4_000]


def test_nothing_is_remembered_before_the_first_sample() -> None:
    assert LagHistory((HERE,)).past() == Past([], [[]], [[]])


def test_samples_after_the_time_to_which_a_clock_is_set_back_are_forgotten() -> None:
    history = LagHistory((HERE, THERE))
    for at in (1_000, 2_000, 3_000, 1_500):
        history.add(at, sample(KNOWN))
    assert history.past().at_milliseconds == [1_000, 1_500]
