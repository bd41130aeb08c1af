import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.positions import BEGINNING, NOTHING, Arrival, Epoch, Mark, Position, Region, Sequence, classify, reaches

EPOCH, OTHER_EPOCH = Epoch("k3v9x2"), Epoch("p8q1z7")
HERE, THERE = Region("us-iowa"), Region("asia-japan")


def mark(sequence: int, *, epoch: Epoch = EPOCH, fingerprint: str = "f") -> Mark:
    return Mark(epoch=epoch, sequence=Sequence(sequence), fingerprint=fingerprint)


@pytest.mark.parametrize(
    ("known", "incoming", "expected"),
    [
        (BEGINNING, mark(1), Arrival.NEXT),
        (BEGINNING, mark(2), Arrival.GAP),
        (mark(0, fingerprint=""), mark(1, epoch=OTHER_EPOCH), Arrival.NEXT),
        (mark(5), mark(6, fingerprint="g"), Arrival.NEXT),
        (mark(5), mark(7), Arrival.GAP),
        (mark(5), mark(5), Arrival.DUPLICATE),
        (mark(5), mark(4, fingerprint="g"), Arrival.DUPLICATE),
        (mark(5), mark(5, fingerprint="g"), Arrival.FORKED),
        (mark(5), mark(6, epoch=OTHER_EPOCH), Arrival.FORKED),
        (mark(5), mark(5, epoch=OTHER_EPOCH), Arrival.FORKED),
        (mark(5), mark(1, epoch=OTHER_EPOCH), Arrival.FORKED),
        (mark(5), mark(9, epoch=OTHER_EPOCH), Arrival.FORKED),
    ],
)
def test_an_event_is_placed_after_what_is_known(known: Mark, incoming: Mark, expected: Arrival) -> None:
    assert classify(known=known, incoming=incoming) is expected


@given(known=st.integers(0, 2**48), incoming=st.integers(1, 2**48))
def test_only_the_very_next_event_is_next(known: int, incoming: int) -> None:
    arrival = classify(known=mark(known), incoming=mark(incoming))
    assert (arrival is Arrival.NEXT) == (incoming == known + 1)
    assert (arrival is Arrival.GAP) == (incoming > known + 1)


@given(known=st.integers(1, 2**48), incoming=st.integers(1, 2**48))
def test_no_event_of_another_epoch_is_ever_taken(known: int, incoming: int) -> None:
    assert classify(known=mark(known), incoming=mark(incoming, epoch=OTHER_EPOCH)) is Arrival.FORKED


@pytest.mark.parametrize(
    ("watermark", "sequence", "expected"),
    [(4, 5, False), (5, 5, True), (6, 5, True)],
)
def test_a_vector_reaches_what_is_at_or_below_its_watermark(watermark: int, sequence: int, *, expected: bool) -> None:
    position = Position(origin=HERE, epoch=EPOCH, sequence=Sequence(sequence))
    assert reaches({HERE: mark(watermark), THERE: mark(1)}, position) is expected


def test_a_vector_does_not_reach_an_origin_that_it_does_not_name() -> None:
    assert not reaches({THERE: mark(9)}, Position(origin=HERE, epoch=EPOCH, sequence=Sequence(1)))


def test_a_vector_does_not_reach_a_position_of_another_epoch() -> None:
    assert not reaches({HERE: mark(9, epoch=OTHER_EPOCH)}, Position(origin=HERE, epoch=EPOCH, sequence=Sequence(1)))


def test_the_beginning_is_below_every_event() -> None:
    assert BEGINNING.sequence == NOTHING == 0
    assert not reaches({HERE: BEGINNING}, Position(origin=HERE, epoch=EPOCH, sequence=Sequence(1)))


def test_the_count_of_events_is_no_part_of_a_marks_identity() -> None:
    """A reader that cannot count has the same message as one that can."""
    counted, uncounted = Mark(EPOCH, Sequence(5), "f", events=900), Mark(EPOCH, Sequence(5), "f")
    assert counted == uncounted
    assert not counted != uncounted  # noqa: SIM202 - `!=` is another method than `==`
    assert hash(counted) == hash(uncounted)
    assert len({counted, uncounted}) == 1
    assert classify(known=uncounted, incoming=counted) is Arrival.DUPLICATE


@pytest.mark.parametrize(
    "other",
    [
        Mark(OTHER_EPOCH, Sequence(5), "f", events=900),
        Mark(EPOCH, Sequence(6), "f", events=900),
        Mark(EPOCH, Sequence(5), "g", events=900),
        (EPOCH, 5, "f", 900),
    ],
)
def test_a_mark_of_another_message_is_unequal_however_many_events_it_counts(other: object) -> None:
    one = Mark(EPOCH, Sequence(5), "f", events=900)
    assert one != other
    assert not one == other  # noqa: SIM201 - `==` is another method than `!=`


@given(st.integers(0, 2**48), st.integers(0, 2**48))
def test_a_mark_keeps_its_count_on_the_wire(sequence: int, events: int) -> None:
    sent = Mark(EPOCH, Sequence(sequence), "f", events=events)
    received = msgspec.json.decode(msgspec.json.encode(sent), type=Mark)
    assert (received, received.events, received.count) == (sent, events, events or sequence)


def test_the_mark_of_an_older_announcer_counts_one_event_a_message() -> None:
    received = msgspec.json.decode(b'{"epoch":"k3v9x2","sequence":7,"fingerprint":"f"}', type=Mark)
    assert (received, received.events, received.count) == (mark(7), 0, 7)


def test_an_older_reader_gets_a_mark_without_a_count_as_it_was() -> None:
    assert msgspec.json.decode(msgspec.json.encode(mark(7))) == {"epoch": EPOCH, "sequence": 7, "fingerprint": "f"}
