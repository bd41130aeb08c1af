"""What one script call applies: whole messages, in order, up to a bound, and nothing of what cannot be decoded."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.follower import Stored
from core.codec import encode, fingerprint
from core.events import Envelope, IdempotencyKey, WebhookDeleted
from core.frames import encode_entry, encode_frame
from core.positions import BEGINNING, Epoch, Mark, Position, Region
from core.positions import Sequence as EventSequence
from core.projection import writes_of
from core.registers import stamp_of
from core.stamps import Clock, render
from core.subjects import frames_of, subject_of
from replicator.retry_policy import StoppedAt
from replicator.runs import RUN_EVENTS_MAX, DecodedRun, runs_of

ORIGIN, EPOCH = Region("us-iowa"), Epoch("k3v9x2")
NOW = 1_800_000_000_000
OLDER = 0


def a_log(*sizes: int, before: int = 0, events_before: int = 0) -> list[Stored]:
    """Frames of so many events, and for `OLDER` an older message. The log has messages and events before them."""
    messages, count = [], events_before
    for sequence, size in enumerate(sizes, start=before + 1):
        clock = Clock((NOW << 24) + 1_000 * sequence)
        count += max(1, size)
        messages.append(a_frame(sequence, size, clock, count) if size else a_message(sequence, clock))
    return messages


def a_frame(sequence: int, size: int, clock: Clock, count: int) -> Stored:
    entries = [
        encode_entry(
            Envelope("", "o1", "", WebhookDeleted(f"w{number}"), "a", IdempotencyKey(f"{sequence} {number}", "p"))
        )
        for number in range(size)
    ]
    data = encode_frame(entries, clock=clock, batch=1, count=count)
    return Stored(EventSequence(sequence), frames_of(ORIGIN, EPOCH), data)


def a_message(sequence: int, clock: Clock) -> Stored:
    fact = WebhookDeleted("w0")
    envelope = Envelope(f"o{sequence}", "o1", render(clock), fact, "a", IdempotencyKey(f"{sequence} 0", "p"))
    return Stored(EventSequence(sequence), subject_of(ORIGIN, EPOCH, fact), encode(envelope))


def runs(messages: Sequence[Stored], known: Mark = BEGINNING) -> list[DecodedRun]:
    return [*runs_of(ORIGIN, known, messages, now_milliseconds=lambda: NOW)]


def mark(stored: Stored, events: int) -> Mark:
    return Mark(EPOCH, stored.sequence, fingerprint(stored.subject, stored.data), events)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([OLDER], [1]),
        ([OLDER] * RUN_EVENTS_MAX, [RUN_EVENTS_MAX]),
        ([OLDER] * (RUN_EVENTS_MAX + 1), [RUN_EVENTS_MAX, 1]),
        ([RUN_EVENTS_MAX], [RUN_EVENTS_MAX]),
        ([RUN_EVENTS_MAX - 1, 1, 1], [RUN_EVENTS_MAX, 1]),
        ([RUN_EVENTS_MAX - 1, 256, 1], [RUN_EVENTS_MAX + 255, 1]),
        ([256, 256, 256], [256, 256, 256]),
        ([200, OLDER, 100, OLDER, 3], [301, 4]),
    ],
)
def test_a_run_takes_whole_messages_until_it_has_so_many_events(sizes: list[int], expected: list[int]) -> None:
    found = runs(a_log(*sizes))
    assert [run.events for run in found] == expected
    assert sum(len(run.messages) for run in found) == len(sizes)


@given(st.lists(st.just(OLDER) | st.integers(1, 90), max_size=12), st.integers(0, 5), st.integers(0, 1_000))
def test_runs_together_are_the_log_and_each_follows_on_the_one_before(
    sizes: list[int], before: int, more_events: int
) -> None:
    events_before = before + (more_events if before else 0)
    known = Mark(EPOCH, EventSequence(before), "f", events_before) if before else BEGINNING
    log = a_log(*sizes, before=before, events_before=events_before)
    found = runs(log, known)
    assert [stored for run in found for stored in run.messages] == log
    assert [run.to_apply.before for run in found] == [known, *(run.last for run in found)][: len(found)]
    assert all(run.last == mark(run.messages[-1], 0) for run in found)
    assert [run.last.events - run.to_apply.before.count for run in found] == [run.events for run in found]
    assert all(0 < run.events < RUN_EVENTS_MAX + 90 for run in found)
    assert all(run.events >= RUN_EVENTS_MAX for run in found[:-1])


def test_a_run_has_every_write_and_record_of_its_events_and_the_clocks_of_the_first_and_the_last() -> None:
    (run,) = runs(a_log(3, OLDER, 2))
    first = (NOW << 24) + 1_000
    clocks = [render(Clock(first + later)) for later in (0, 1, 2, 1_000, 2_000, 2_001)]
    assert (run.first_clock_text, run.to_apply.clock_text) == (clocks[0], clocks[-1])
    assert run.last.events == 6
    place = Position(ORIGIN, EPOCH, EventSequence(1))
    one = len(writes_of(Envelope("", "o1", clocks[0], WebhookDeleted("w0")), place))
    assert len(run.to_apply.writes) == 6 * one
    stamps = sorted({stamp_of(write.register) for write in run.to_apply.writes})
    assert [stamp[: len(clocks[0])] for stamp in stamps] == clocks
    assert len({record.field for record in run.to_apply.records}) == 6


def test_an_older_message_counts_one_event_more_than_what_came_before_it_in_the_run_or_before_the_run() -> None:
    assert [run.last.events for run in runs(a_log(3, OLDER, OLDER))] == [5]
    known = Mark(EPOCH, EventSequence(4), "f", events=700)
    assert [run.last.events for run in runs(a_log(OLDER, OLDER, before=4, events_before=700), known)] == [702]
    assert [run.last.events for run in runs(a_log(OLDER, before=4), Mark(EPOCH, EventSequence(4), "f"))] == [5]


def torn(stored: Stored) -> Stored:
    return stored._replace(data=stored.data[:-1])


def with_a_new_event(stored: Stored) -> Stored:
    """Its last event is of a version that is not known here; all others are."""
    head, tail = stored.data.rsplit(b"webhook_deleted.v1", 1)
    return stored._replace(data=head + b"webhook_deleted.v9" + tail)


def of_a_newer_form(stored: Stored) -> Stored:
    return stored._replace(subject=f"events.{ORIGIN}.{EPOCH}.frame.v2")


@pytest.mark.parametrize("broken", [torn, with_a_new_event, of_a_newer_form])
@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_frame_that_cannot_be_decoded_halts_before_all_of_its_events_and_after_all_before_it(
    broken: Callable[[Stored], Stored], at: int
) -> None:
    log = a_log(2, OLDER, 2, 3, 1)
    log[at] = broken(log[at]) if at != 1 else torn(log[at])
    applied: list[DecodedRun] = []
    with pytest.raises(StoppedAt) as stopped:
        applied.extend(runs_of(ORIGIN, BEGINNING, log, now_milliseconds=lambda: NOW))
    assert stopped.value.sequence == at
    assert [stored for run in applied for stored in run.messages] == log[:at]
    assert sum(run.events for run in applied) == sum([2, 1, 2][:at])


def test_a_frame_that_cannot_be_decoded_does_not_hold_back_the_full_run_before_it() -> None:
    log = a_log(RUN_EVENTS_MAX, 1, 1)
    log[2] = torn(log[2])
    found = runs_of(ORIGIN, BEGINNING, log, now_milliseconds=lambda: NOW)
    assert [next(found).events, next(found).events] == [RUN_EVENTS_MAX, 1]
    with pytest.raises(StoppedAt) as stopped:
        next(found)
    assert stopped.value.sequence == 2


def test_a_message_is_decoded_only_once_the_runs_before_it_were_asked_for() -> None:
    """A run is applied while the rest still waits to be decoded."""
    asked: list[int] = []

    def now() -> int:
        asked.append(1)
        return NOW

    found = runs_of(ORIGIN, BEGINNING, a_log(RUN_EVENTS_MAX, 1), now_milliseconds=now)
    next(found)
    assert len(asked) == 1
