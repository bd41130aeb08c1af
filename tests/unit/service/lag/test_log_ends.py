from core.positions import Epoch, Position, Region, Sequence
from service.lag.log_ends import ENDS_REMEMBERED, LogEnd, LogEnds

HERE = Region("us-iowa")
EPOCH, OTHER = Epoch("k3v9x2"), Epoch("other")


def at(sequence: int, epoch: Epoch = EPOCH) -> Position:
    return Position(HERE, epoch, Sequence(sequence))


def grown(ends: LogEnds, *seen: tuple[int, int], epoch: Epoch = EPOCH) -> LogEnds:
    """`ends` after looks at a log that ended at these sequences at these times."""
    for sequence, milliseconds in seen:
        ends.look({HERE: LogEnd(epoch, Sequence(sequence))}, now_milliseconds=milliseconds)
    return ends


def test_an_event_is_as_old_as_the_first_look_at_which_the_log_had_it() -> None:
    ends = grown(LogEnds(), (10, 1_000), (10, 2_000), (30, 3_000), (25, 4_000), (40, 5_000))
    assert [ends.since_milliseconds(at(sequence)) for sequence in (1, 10, 11, 30, 31, 40, 41)] == [
        *(1_000, 1_000, 3_000, 3_000, 5_000, 5_000),
        None,
    ]


def test_a_region_that_catches_up_with_a_long_log_is_behind_by_the_age_of_that_log() -> None:
    ends = grown(LogEnds(), (100_000, 0))
    for second in range(1, 60):
        grown(ends, (100_000, second * 1_000))
        assert ends.since_milliseconds(at(second * 100)) == 0


def test_the_ends_of_another_epoch_are_unknown() -> None:
    ends = grown(LogEnds(), (10, 1_000))
    assert ends.since_milliseconds(at(1, OTHER)) is None
    grown(ends, (3, 2_000), epoch=OTHER)
    assert ends.since_milliseconds(at(1)) is None
    assert ends.since_milliseconds(at(3, OTHER)) == 2_000


def test_the_memory_is_bounded_and_an_older_event_is_as_old_as_the_oldest_remembered_end() -> None:
    ends = grown(LogEnds(), *((number, number * 1_000) for number in range(1, ENDS_REMEMBERED + 101)))
    assert ends.since_milliseconds(at(1)) == 101_000
    assert ends.since_milliseconds(at(200)) == 200_000
