from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.event_log import Entry
from core.codec import encode
from core.decider import query_for
from core.events import (
    AnyEvent,
    Envelope,
    IdempotencyKey,
    TriggerCreated,
    WebhookCreated,
    WebhookDeleted,
    WebhookUpdated,
)
from core.frames import encode_entry, encode_frame
from core.operations import log_code, operation_id
from core.positions import BEGINNING, Mark, Position, Region, Sequence
from core.projection import writes_of
from core.registers import Query, Registers, Write, merge, name_of
from core.stamps import Clock, render
from core.subjects import frames_of, subject_of
from core.targets import normal_form
from core.webhooks import has_target, query_webhook, webhook_in, webhook_key
from service.writes import tail as tail_module
from service.writes.tail import Found, Tail, TailMessage
from tests.unit.service.writes.proposals import EPOCH, HERE, ORGANIZATION, View, a_webhook, as_read

NOTHING: Registers = {}
NOW = 1_800_000_000_000


def event(sequence: int, fact: AnyEvent, *, clock: int = 0) -> TailMessage:
    """A message of one event."""
    envelope = Envelope(
        operation_id=f"o{sequence}", organization_id=ORGANIZATION, clock=render(Clock(clock or sequence)), event=fact
    )
    return as_read(sequence, Entry(subject_of(HERE, EPOCH, fact), encode(envelope)))


def frame(
    sequence: int, facts: list[AnyEvent], *, count: int, clock: int = 0, keys: Mapping[int, str] | None = None
) -> TailMessage:
    """A frame of `facts`, up to which the log has `count` events. `keys` has idempotency keys of events by number."""
    entries = [
        encode_entry(
            Envelope(
                operation_id="",
                organization_id=ORGANIZATION,
                clock="",
                event=fact,
                idempotency_key=IdempotencyKey(key=keys[number], payload=f"p{number}")
                if keys and number in keys
                else None,
            )
        )
        for number, fact in enumerate(facts)
    ]
    data = encode_frame(entries, clock=Clock(clock or sequence << 8), batch=sequence, count=count)
    return as_read(sequence, Entry(frames_of(HERE, EPOCH), data))


def webhooks(*numbers: int) -> list[AnyEvent]:
    return [webhook(f"w{number}") for number in numbers]


def webhook(webhook_id: str) -> WebhookCreated:
    return WebhookCreated(webhook_id=webhook_id, name="hook", target_url=f"https://{webhook_id}.example.com")


def trigger(webhook_id: str, name: str = "PersonCreated_v1") -> TriggerCreated:
    return TriggerCreated(webhook_id=webhook_id, trigger_type="event", trigger_name=name)


def elsewhere(clock: int, fact: AnyEvent) -> list[Write]:
    """The writes of an event of another region."""
    envelope = Envelope(operation_id="o", organization_id=ORGANIZATION, clock=render(Clock(clock)), event=fact)
    return writes_of(envelope, Position(Region("asia-japan"), EPOCH, Sequence(1)))


@pytest.fixture
def keeps_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "KEPT_EVENTS", 2)


def over(tail: Tail, query: Query, view: View, layer: Registers = NOTHING) -> Found:
    return tail.over(query, view.shown_for(query), layer, after=view.mark.sequence, counted=view.counted_for(query))


def to_take(address: str) -> Query:
    return query_for(a_webhook("new", target_url=address))


def having(address: str, found: Found) -> set[str]:
    """The webhooks among those found that have `address`."""
    return {name_of(key) for key, fields in found.registers.items() if has_target(fields, normal_form(address))}


def test_an_empty_view_with_the_tail_over_it_shows_what_was_appended() -> None:
    tail = Tail(BEGINNING)
    tail.extend(event(1, webhook("w1")))
    found = over(tail, query_webhook(ORGANIZATION, "w1"), View()).registers
    assert webhook_in("w1", found[webhook_key(ORGANIZATION, "w1")]) is not None


def test_an_appended_webhook_is_found_by_its_address_and_counted_once() -> None:
    tail, view = Tail(BEGINNING), View()
    for sequence, fact in enumerate((webhook("w1"), webhook("w2")), start=1):
        tail.extend(event(sequence, fact))
    view.apply(event(1, webhook("w1")))
    layer: dict[str, dict[str, str]] = {}
    merge(layer, event(3, webhook("w3")).events[0].writes)
    for name in ("w1", "w2", "w3"):
        found = over(tail, to_take(f"HTTPS://{name}.example.com:443"), view, layer)
        assert (having(f"https://{name}.example.com", found), found.counted, found.unread) == ({name}, 3, ())


def test_an_address_given_up_later_is_free_and_one_taken_again_is_not() -> None:
    own, other = "https://w1.example.com", "https://other.example.com"
    tail, view = Tail(BEGINNING), View()
    tail.extend(event(1, webhook("w1")))
    view.apply(event(1, webhook("w1")))
    for sequence, address in ((2, other), (3, own)):
        tail.extend(event(sequence, WebhookUpdated("w1", target_url=address)))
        found = over(tail, to_take(own), view)
        assert having(own, found) == ({"w1"} if address == own else set())


def test_a_webhook_that_was_changed_later_must_be_read_before_its_address_counts_as_taken() -> None:
    """Another region may have changed it again, so the events of this region are not enough."""
    tail, view = Tail(BEGINNING), View()
    for one in (event(1, webhook("w1")), event(2, WebhookUpdated("w1", target_url="https://new.example.com"))):
        tail.extend(one)
    view.apply(event(1, webhook("w1")))
    query = to_take("https://new.example.com")
    assert over(tail, query, view).unread == (webhook_key(ORGANIZATION, "w1"),)
    merge(view.registers, elsewhere(99, WebhookUpdated("w1", target_url="https://third.example.com")))
    again = query._replace(keys=(webhook_key(ORGANIZATION, "w1"),))
    found = tail.over(query, view.shown_for(again), {}, after=view.mark.sequence)
    assert (having("https://new.example.com", found), found.unread) == (set(), ())


def test_a_change_that_the_view_has_is_not_read_again_while_the_tail_keeps_it() -> None:
    tail, view = Tail(BEGINNING), View()
    for one in (event(1, webhook("w1")), event(2, WebhookUpdated("w1", target_url="https://new.example.com"))):
        tail.extend(one)
        view.apply(one)
    merge(view.registers, elsewhere(99, WebhookUpdated("w1", target_url="https://third.example.com")))
    found = over(tail, to_take("https://new.example.com"), view)
    assert (having("https://new.example.com", found), found.unread) == (set(), ())


def test_found_registers_are_a_copy_that_can_be_changed() -> None:
    tail, view = Tail(BEGINNING), View()
    tail.extend(event(1, webhook("w1")))
    query = query_webhook(ORGANIZATION, "w1")
    found = over(tail, query, view).registers
    assert isinstance(found, dict)
    found[query.keys[0]] = {}
    assert over(tail, query, view).registers[query.keys[0]]
    assert view.registers == {}


@pytest.mark.parametrize("sequence", [0, 1, 3, 4])
def test_an_event_that_does_not_follow_is_an_error_and_changes_nothing(sequence: int) -> None:
    tail = Tail(BEGINNING)
    tail.extend(event(1, webhook("w1")))
    with pytest.raises(ValueError, match=f"message {sequence} does not follow 1"):
        tail.extend(event(sequence, webhook("w2"), clock=9))
    assert tail.end.sequence == 1
    assert tail.clock == 1


def test_the_clock_is_the_highest_appended_and_stays_when_the_events_are_forgotten(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    for sequence, clock in enumerate([50, 7, 8, 9, 10], start=1):
        tail.extend(event(sequence, webhook(f"w{sequence}"), clock=clock))
    tail.applied(Sequence(5))
    assert tail.floor == 3
    assert tail.clock == 50


def test_unapplied_counts_from_what_the_projection_is_known_to_have() -> None:
    tail = Tail(BEGINNING)
    for sequence in range(1, 6):
        tail.extend(event(sequence, webhook(f"w{sequence}")))
    assert tail.unapplied == 5
    tail.applied(Sequence(3))
    assert tail.unapplied == 2
    tail.applied(Sequence(1))
    assert tail.unapplied == 2, "an older announcement takes nothing back"
    tail.applied(Sequence(99))
    assert tail.unapplied == 0, "a projection ahead of the tail leaves 0, not less"
    tail.extend(event(6, webhook("w6")))
    assert tail.unapplied == 1


def test_unapplied_counts_the_events_of_frames_and_changes_at_the_border_of_a_frame_only() -> None:
    tail = Tail(BEGINNING)
    for message in (
        frame(1, webhooks(1, 2, 3), count=3),
        event(2, webhook("w4")),
        frame(3, webhooks(5, 6), count=6),
    ):
        tail.extend(message if message.mark.sequence != 2 else counted(message, 4))
    unapplied = [tail.unapplied]
    for sequence in (0, 1, 2, 1, 3, 99):
        tail.applied(Sequence(sequence))
        unapplied.append(tail.unapplied)
    assert unapplied == [6, 6, 3, 2, 2, 0, 0]


def counted(message: TailMessage, count: int) -> TailMessage:
    """The message with the log's count up to it, as a reader has it that read the messages before."""
    return message._replace(mark=msgspec.structs.replace(message.mark, events=count))


def test_a_tail_that_begins_in_a_log_of_frames_counts_from_its_beginning() -> None:
    tail = Tail(Mark(EPOCH, Sequence(4), "f", events=900))
    tail.extend(frame(5, webhooks(1, 2, 3), count=903))
    assert tail.unapplied == 3
    tail.applied(Sequence(5))
    assert tail.unapplied == 0


def test_a_frame_is_forgotten_whole_and_only_once_enough_events_after_it_are_applied(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    for message in (
        frame(1, webhooks(1, 2, 3), count=3, keys={0: "a", 2: "b"}),
        frame(2, webhooks(4), count=4, keys={0: "c"}),
        frame(3, webhooks(5, 6), count=6),
    ):
        tail.extend(message)
    floors, kept = [], []
    for sequence in (1, 2, 3):
        tail.applied(Sequence(sequence))
        floors.append(tail.floor)
        kept.append("".join(key for key in "abc" if known(tail, key, at=0)))
    assert floors == [0, 0, 2], "of 4 applied events the last 2 are kept, and one of them is the first frame's"
    assert kept == ["abc", "abc", ""]
    shown = [number for number in range(1, 7) if having(f"https://w{number}.example.com", found_in(tail, number))]
    assert shown == [5, 6]


def test_a_tail_with_frames_larger_than_what_is_kept_keeps_the_last_one(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    for sequence in (1, 2, 3):
        tail.extend(frame(sequence, webhooks(*range(10 * sequence, 10 * sequence + 5)), count=5 * sequence))
        tail.applied(Sequence(sequence))
        assert tail.floor == sequence - 1
        assert tail.mark_at(Sequence(sequence)) == tail.end
    assert tail.mark_at(Sequence(2)) is None


def test_the_clock_of_a_frame_is_that_of_its_last_event() -> None:
    tail = Tail(BEGINNING)
    tail.extend(frame(1, webhooks(1, 2, 3), count=3, clock=70))
    assert tail.clock == 72


def test_the_first_event_of_a_frame_with_an_idempotency_key_has_the_operation_that_is_repeated() -> None:
    tail, facts = Tail(BEGINNING), webhooks(1, 2, 3)
    tail.extend(frame(1, facts, count=3, clock=NOW << 24, keys={1: "a", 2: "a"}))
    expected = operation_id(ORGANIZATION, batch=1, log=log_code(HERE, EPOCH), number=1, sequence=Sequence(1))
    assert known(tail, "a") == expected
    assert [tail.idempotency_keys(ORGANIZATION, after=Sequence(after)) for after in (0, 1)] == [1, 0]


def test_only_what_is_applied_and_no_longer_kept_is_forgotten(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    for sequence in range(1, 7):
        tail.extend(event(sequence, webhook(f"w{sequence}")))
    assert tail.floor == 0
    tail.applied(Sequence(4))
    assert tail.floor == 2
    shown = [f"w{number}" for number in range(1, 7) if having(f"https://w{number}.example.com", found_in(tail, number))]
    assert shown == ["w3", "w4", "w5", "w6"]


def found_in(tail: Tail, number: int) -> Found:
    """The address of a webhook in the tail alone."""
    return over(tail, to_take(f"https://w{number}.example.com"), View())


def test_what_is_forgotten_leaves_nothing_behind(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    facts: list[AnyEvent] = [webhook("w1"), WebhookUpdated("w1", target_url="https://b.example.com"), webhook("w2")]
    for sequence, fact in enumerate([*facts, WebhookDeleted("w1"), trigger("w2"), trigger("w2")], start=1):
        tail.extend(event(sequence, fact))
        tail.applied(Sequence(sequence))
    for sequence in (7, 8):
        tail.extend(event(sequence, trigger("w2")))
        tail.applied(Sequence(sequence))
    assert set(vars(tail)["_registers"]) == {webhook_key(ORGANIZATION, "w2")}


def test_forgetting_an_event_keeps_what_a_later_one_wrote_to_the_same_register(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    for sequence in range(1, 4):
        tail.extend(event(sequence, trigger("w1")))
    tail.applied(Sequence(3))
    assert tail.floor == 1
    found = over(tail, Query((webhook_key(ORGANIZATION, "w1"),)), View())
    (register,) = found.registers[webhook_key(ORGANIZATION, "w1")].values()
    assert register.startswith(render(Clock(3)))


ADDRESSES = ["https://w1.example.com", "https://W2.example.com:443/", "https://third.example.com"]
facts: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(webhook, st.sampled_from(["w1", "w2"])),
    st.builds(WebhookUpdated, st.sampled_from(["w1", "w2"]), target_url=st.sampled_from(ADDRESSES)),
    st.builds(WebhookDeleted, st.sampled_from(["w1", "w2"])),
    st.builds(trigger, st.sampled_from(["w1", "w2"]), st.sampled_from(["PersonCreated_v1", "PersonDeleted_v1"])),
)


def as_it_can_happen(facts: list[tuple[AnyEvent, int]]) -> list[tuple[AnyEvent, int]]:
    """A webhook is created once, before it is changed or deleted. After a deletion any event may come."""
    seen: set[str] = set()
    kept = []
    for fact, clock in facts:
        match fact:
            case WebhookCreated(webhook_id=name) if name in seen:
                continue
            case WebhookCreated(webhook_id=name):
                seen.add(name)
            case WebhookUpdated(webhook_id=name) | WebhookDeleted(webhook_id=name) if name not in seen:
                continue
        kept.append((fact, clock))
    return kept


def in_messages(facts: list[tuple[AnyEvent, int]], sizes: list[int]) -> list[TailMessage]:
    """The log of `facts`, each with a clock: frames of so many events, and for 0 an older message."""
    messages: list[TailMessage] = []
    count = 0
    for sequence, size in enumerate(sizes, start=1):
        taken, facts = facts[: max(1, size)], facts[max(1, size) :]
        if not taken:
            break
        (fact, clock), count = taken[0], count + len(taken)
        some = [one for one, _ in taken]
        message = frame(sequence, some, count=count, clock=clock) if size else event(sequence, fact, clock=clock)
        messages.append(counted(message, count))
    return messages


@given(
    log=st.builds(
        in_messages,
        st.lists(st.tuples(facts, st.integers(1, 5)), max_size=12).map(as_it_can_happen),
        st.lists(st.integers(0, 4), min_size=12, max_size=12),
    ),
    start=st.integers(0, 12),
    applied=st.lists(st.integers(0, 12), max_size=4),
    kept=st.integers(0, 4),
    data=st.data(),
)
def test_any_view_that_includes_the_floor_with_the_tail_over_it_is_complete(
    log: list[TailMessage], start: int, applied: list[int], kept: int, data: st.DataObject
) -> None:
    start = min(start, len(log))
    everything, before = View(), View()
    for one in log:
        everything.apply(one)
    for one in log[:start]:
        before.apply(one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail_module, "KEPT_EVENTS", kept)
        tail = Tail(before.mark)
        for one in log[start:]:
            tail.extend(one)
            for sequence in applied:
                tail.applied(Sequence(sequence))
        view = View()
        for one in log[: data.draw(st.integers(tail.floor, len(log)), label="view up to")]:
            view.apply(one)
    query = query_webhook(ORGANIZATION, "w1")
    assert over(tail, query, view).registers[query.keys[0]] == everything.registers.get(query.keys[0], {})
    for address in ADDRESSES:
        query = to_take(address)
        unread = over(tail, query, view).unread
        found = tail.over(
            query,
            view.shown_for(query._replace(keys=unread)),
            {},
            after=view.mark.sequence,
            counted=view.counted_for(query),
        )
        assert found.unread == ()
        assert having(address, found) == {
            name for name in ("w1", "w2") if has_target(everything.fields(name), normal_form(address))
        }
        gone = view.listed - everything.listed
        assert found.counted == len(everything.listed | gone)


def keyed(sequence: int, key: str, *, at: int = NOW, organization: str = ORGANIZATION) -> TailMessage:
    fact = webhook(f"w{sequence}")
    envelope = Envelope(
        operation_id=f"o{sequence}",
        organization_id=organization,
        clock=render(Clock(at << 24)),
        event=fact,
        idempotency_key=IdempotencyKey(key=key, payload=f"p{sequence}"),
    )
    return as_read(sequence, Entry(subject_of(HERE, EPOCH, fact), encode(envelope)))


def known(tail: Tail, key: str, *, at: int = NOW) -> str:
    recorded = tail.recorded(IdempotencyKey(key=key, payload=""), now_milliseconds=at)
    return "" if recorded is None else recorded.operation_id


def test_the_first_request_with_an_idempotency_key_is_known_until_it_is_forgotten_or_too_old(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    for event in (keyed(1, "a"), keyed(2, "b"), keyed(3, "a")):
        tail.extend(event)
    assert (known(tail, "a"), known(tail, "b"), known(tail, "c")) == ("o1", "o2", "")
    assert known(tail, "a", at=NOW + 26 * 3_600_000) == ""
    tail.applied(Sequence(3))
    assert (known(tail, "a"), known(tail, "b")) == ("", "o2")


def test_an_idempotency_key_that_was_too_old_and_was_used_again_belongs_to_the_new_request() -> None:
    tail = Tail(BEGINNING)
    later = NOW + 26 * 3_600_000
    tail.extend(keyed(1, "a"))
    tail.extend(keyed(2, "a", at=later))
    assert known(tail, "a", at=later) == "o2"


def test_the_idempotency_keys_of_one_organization_after_a_place_are_counted() -> None:
    tail = Tail(BEGINNING)
    for event in (keyed(1, "a"), keyed(2, "b", organization="another"), event_without_key(3), keyed(4, "c")):
        tail.extend(event)
    assert [tail.idempotency_keys(ORGANIZATION, after=Sequence(place)) for place in range(5)] == [2, 1, 1, 1, 0]
    assert tail.idempotency_keys("another", after=Sequence(0)) == 1


def event_without_key(sequence: int) -> TailMessage:
    return event(sequence, webhook(f"w{sequence}"), clock=NOW << 24)
