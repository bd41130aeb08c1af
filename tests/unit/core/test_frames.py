"""A message of a log is read whole or not at all, and the place of each of its events names its operation."""

import json
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.codec import Undecodable, encode, fingerprint
from core.events import Envelope, IdempotencyKey, WebhookDeleted
from core.frames import EVENTS_MAX, LogMessage, decode_message, encode_entry, encode_frame, events_in
from core.operations import BATCH_BITS, NUMBERS, Operation, log_code, operation_id, operation_in
from core.positions import Epoch, Position, Region, Sequence
from core.stamps import Clock, parse, render, stamp
from core.subjects import frames_of, subject_of
from tests.events import events, few

HERE, EPOCH = Region("us-iowa"), Epoch("k3v9x2")
SUBJECT = frames_of(HERE, EPOCH)
LOG = log_code(HERE, EPOCH)
CLOCK_MAX = (1 << 72) - 1

texts = st.text(st.characters(codec="utf-8"), max_size=20)
values = dict.fromkeys(few(webhook_ids=["w"], key_ids=["k"]), texts) | {
    "custom_headers": st.dictionaries(texts, st.lists(texts, max_size=3), max_size=3),
    "scopes": st.lists(texts, max_size=3).map(tuple),
    "expires_at_milliseconds": st.integers(min_value=0, max_value=2**48),
    "timeout_nanoseconds": st.integers(min_value=0, max_value=20_000_000_000),
}
envelopes = st.builds(
    Envelope,
    operation_id=st.just(""),
    organization_id=texts,
    clock=st.just(""),
    event=events(values),
    author=texts,
    idempotency_key=st.none() | st.builds(IdempotencyKey, key=texts, payload=texts),
    seen=st.dictionaries(texts, texts, max_size=3),
)
several = st.lists(envelopes, min_size=1, max_size=5)
clocks = st.integers(0, CLOCK_MAX - NUMBERS).map(Clock)
batches = st.integers(0, 2**BATCH_BITS - 1)
sequences = st.integers(1, 3) | st.integers(1, 2**40 - 1)
frames = st.builds(
    lambda some, clock, batch, more: a_frame(some, clock=clock, batch=batch, count=len(some) + more),
    several,
    clocks,
    batches,
    st.integers(0, 2**48),
)


def a_frame(some: list[Envelope], *, clock: int = 7, batch: int = 1, count: int = 9) -> bytes:
    return encode_frame([encode_entry(one) for one in some], clock=Clock(clock), batch=batch, count=count)


def deletion(organization: str = "o1", *, key: str = "") -> Envelope:
    idempotency_key = IdempotencyKey(key=key, payload="p") if key else None
    return Envelope("", organization, "", WebhookDeleted("w1"), author="a", idempotency_key=idempotency_key)


def read(data: bytes, *, sequence: int = 1, subject: str = SUBJECT, counted: int = 0) -> LogMessage:
    return decode_message(HERE, Sequence(sequence), subject, data, counted=counted)


@given(several, clocks, batches, sequences, st.integers(1, 2**48))
def test_what_was_put_into_a_frame_comes_out_at_its_place(
    some: list[Envelope], clock: Clock, batch: int, sequence: int, count: int
) -> None:
    data = a_frame(some, clock=clock, batch=batch, count=count)
    message = read(data, sequence=sequence, counted=3)
    mark, logged = message.mark, message.events
    assert (mark.epoch, mark.sequence, mark.fingerprint) == (EPOCH, sequence, fingerprint(SUBJECT, data))
    assert mark.events == mark.count == count, "a frame knows better than its reader"
    assert [event.envelope for event in logged] == [
        Envelope(
            "", one.organization_id, render(Clock(clock + number)), one.event, one.author, one.idempotency_key, one.seen
        )
        for number, one in enumerate(some)
    ]
    assert [(event.position, event.number, event.batch) for event in logged] == [
        (Position(HERE, EPOCH, Sequence(sequence)), number, batch) for number in range(len(some))
    ]


@given(several, clocks, sequences)
def test_the_stamps_of_a_frames_events_ascend_by_one_and_have_one_width(
    some: list[Envelope], clock: Clock, sequence: int
) -> None:
    logged = read(a_frame(some, clock=clock), sequence=sequence).events
    stamps = [stamp(event.envelope.clock, HERE, event.position.sequence) for event in logged]
    assert stamps == sorted(set(stamps))
    assert len({len(one) for one in stamps}) == 1
    readings = [parse(event.envelope.clock) for event in logged]
    assert all(later == earlier + 1 for earlier, later in pairwise(readings))


def test_a_frame_whose_clocks_would_leave_their_width_is_refused() -> None:
    """A stamp of another width would not be ordered, and would break every register that it is in."""
    pair = [deletion(), deletion()]
    assert len(read(a_frame(pair, clock=CLOCK_MAX - 1)).events) == 2
    with pytest.raises(Undecodable, match="clock"):
        read(a_frame(pair, clock=CLOCK_MAX))


@given(frames, st.data())
def test_a_frame_that_was_cut_is_refused_whole(data: bytes, drawn: st.DataObject) -> None:
    begin = drawn.draw(st.integers(0, len(data)))
    end = drawn.draw(st.integers(begin, len(data)))
    assume((begin, end) != (0, len(data)))
    with pytest.raises(Undecodable):
        read(data[begin:end])


def test_a_frame_that_was_cut_at_any_byte_is_refused_whole() -> None:
    data = a_frame([deletion(), deletion("o2", key="k"), deletion()])
    for at in range(len(data)):
        for part in (data[:at], data[at + 1 :]):
            with pytest.raises(Undecodable):
                read(part)


@given(frames, frames, st.data())
def test_a_frame_with_another_inside_before_or_after_it_is_refused_whole(
    data: bytes, other: bytes, drawn: st.DataObject
) -> None:
    at = drawn.draw(st.integers(0, len(data)))
    for inserted in (other, data):
        with pytest.raises(Undecodable):
            read(data[:at] + inserted + data[at:])


@given(frames, frames, st.data())
def test_of_two_frames_whose_halves_were_exchanged_no_event_is_at_a_place_that_it_did_not_have(
    data: bytes, other: bytes, drawn: st.DataObject
) -> None:
    """A cut at a border of events may be read. Then it is another message: its fingerprint shows that."""
    at, to = drawn.draw(st.integers(0, len(data))), drawn.draw(st.integers(0, len(other)))
    spliced = data[:at] + other[to:]
    try:
        message = read(spliced)
    except Undecodable:
        return
    assert spliced in {data, other} or message.mark not in {read(data).mark, read(other).mark}


DOCUMENT = json.loads(a_frame([deletion(), deletion("o2")]))


@pytest.mark.parametrize(
    "changed",
    [
        {"clock": "7"},
        {"clock": "0000000000000000G0"},
        {"batch": -1},
        {"batch": 1 << BATCH_BITS},
        {"batch": "1"},
        {"count": 0},
        {"count": None},
        {"events": []},
        {"events": [*DOCUMENT["events"], {}]},
        {"events": [*DOCUMENT["events"], {"organization_id": "o", "event": {"type": "webhook_deleted.v9"}}]},
        {"events": [*DOCUMENT["events"], {"organization_id": 1, "event": DOCUMENT["events"][0]["event"]}]},
        {"events": DOCUMENT["events"] * NUMBERS},
        {"events": {"0": DOCUMENT["events"][0]}},
    ],
    ids=lambda changed: json.dumps(changed)[:60],
)
def test_a_frame_with_one_member_that_is_not_known_is_refused_whole(changed: dict[str, object]) -> None:
    assert len(read(json.dumps(DOCUMENT).encode()).events) == 2
    with pytest.raises(Undecodable, match=r"\w"):
        read(json.dumps(DOCUMENT | changed).encode())


@pytest.mark.parametrize("member", ["clock", "batch", "count", "events"])
def test_a_frame_that_lacks_a_member_is_refused(member: str) -> None:
    with pytest.raises(Undecodable, match=member):
        read(json.dumps({name: value for name, value in DOCUMENT.items() if name != member}).encode())


def test_a_frame_of_a_newer_form_is_refused_whole() -> None:
    """Its subject says so. An older version reads no part of it, even where the members are the same."""
    data = a_frame([deletion()])
    for form in ("frame.v2", "frame.v10", "frame", "frames.v1"):
        with pytest.raises(Undecodable):
            read(data, subject=f"events.{HERE}.{EPOCH}.{form}")


def test_members_of_a_newer_author_are_skipped() -> None:
    entries = [{**entry, "weight": 3} for entry in DOCUMENT["events"]]
    message = read(json.dumps({**DOCUMENT, "events": entries, "colour": ["blue"]}).encode())
    assert message.events == read(json.dumps(DOCUMENT).encode()).events


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Undecodable):
        read(data)
    assert events_in(SUBJECT, data) == 1


@pytest.mark.parametrize("data", [b"", b"\xff", b"null", b"[" * 100_000, b'{"events": [[}', b'{"events": []}'])
def test_what_is_no_frame_counts_as_one_event(data: bytes) -> None:
    assert events_in(SUBJECT, data) == 1


@given(several, sequences, st.integers(0, 2**48))
def test_an_older_message_reads_as_one_event_and_counts_one_more_than_the_message_before(
    some: list[Envelope], sequence: int, counted: int
) -> None:
    for one in some:
        envelope = Envelope(
            "an operation", one.organization_id, render(Clock(5)), one.event, one.author, one.idempotency_key, one.seen
        )
        subject, data = subject_of(HERE, EPOCH, one.event), encode(envelope)
        message = read(data, sequence=sequence, subject=subject, counted=counted)
        mark, (event,) = message.mark, message.events
        assert (mark.sequence, mark.events) == (sequence, counted + 1)
        assert mark.fingerprint == fingerprint(subject, data)
        assert (event.position.sequence, event.number, event.envelope) == (sequence, 0, envelope)
        assert event.operation_id == "an operation"
        assert events_in(subject, data) == 1


@given(several)
def test_the_events_of_a_frame_are_counted_without_reading_them(some: list[Envelope]) -> None:
    data = a_frame(some)
    assert events_in(SUBJECT, data) == len(some)
    assert events_in(SUBJECT, data.replace(b'.v1"', b'.v9"')) == len(some), "of a version that is not known, too"


def test_a_full_frame_is_read() -> None:
    message = read(a_frame([deletion() for _ in range(EVENTS_MAX)], count=EVENTS_MAX))
    assert [event.number for event in message.events] == [*range(EVENTS_MAX)]
    assert message.mark.count == EVENTS_MAX


@given(st.lists(texts, min_size=1, max_size=5), batches, sequences)
def test_a_place_makes_the_id_that_the_writer_gave_to_the_operation(
    organizations: list[str], batch: int, sequence: int
) -> None:
    logged = read(a_frame([deletion(name) for name in organizations], batch=batch), sequence=sequence).events
    for number, (name, event) in enumerate(zip(organizations, logged, strict=True)):
        given_by_writer = operation_id(name, batch=batch, log=LOG, number=number, sequence=Sequence(sequence))
        assert event.operation_id == given_by_writer
        assert operation_in(event.operation_id, name) == Operation(batch, LOG, number, Sequence(sequence))


@pytest.mark.parametrize("sequence", [1, 2, 255, 256, 2**40 - 1])
def test_every_number_of_a_frame_has_an_id_of_its_own_also_in_the_first_message_of_a_log(sequence: int) -> None:
    """The id of the 256th event of the first frame names no place before the log's beginning."""
    logged = read(a_frame([deletion() for _ in range(EVENTS_MAX)], batch=5), sequence=sequence).events
    operations = [operation_in(event.operation_id, "o1") for event in logged]
    assert operations == [Operation(5, LOG, number, Sequence(sequence)) for number in range(EVENTS_MAX)]
    assert len({event.operation_id for event in logged}) == EVENTS_MAX
