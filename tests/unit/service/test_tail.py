import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.codec import encode
from core.events import AnyEvent, Envelope, Retry, TriggerCreated, WebhookCreated
from core.positions import BEGINNING, Sequence
from core.registers import Query
from core.stamps import Clock, render
from core.topology import subject_of
from core.webhooks import organization_key, query_webhook, query_webhooks, webhook_key, webhooks_in
from service import tail as tail_module
from service.tail import Tail, TailEvent
from tests.unit.service.proposals import EPOCH, HERE, ORGANIZATION, View, as_read

NOW = 1_800_000_000_000


def event(sequence: int, fact: AnyEvent, *, clock: int = 0) -> TailEvent:
    envelope = Envelope(
        operation_id=f"o{sequence}", organization_id=ORGANIZATION, clock=render(Clock(clock or sequence)), event=fact
    )
    return as_read(sequence, subject_of(HERE, EPOCH, fact), encode(envelope))


def webhook(webhook_id: str) -> WebhookCreated:
    return WebhookCreated(webhook_id=webhook_id, name="hook", target_url=f"https://{webhook_id}.example.com")


def trigger(webhook_id: str, name: str = "PersonCreated_v1") -> TriggerCreated:
    return TriggerCreated(webhook_id=webhook_id, trigger_type="event", trigger_name=name)


@pytest.fixture
def keeps_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "KEPT_EVENTS", 2)


def test_a_view_of_nothing_with_the_tail_over_it_shows_what_was_appended() -> None:
    tail = Tail(BEGINNING)
    tail.extend(event(1, webhook("w1")))
    found = tail.over(query_webhooks(ORGANIZATION, offset=0, limit=1_000), {}, {})
    assert [shown.webhook_id for shown in webhooks_in(ORGANIZATION, found)] == ["w1"]


def test_a_webhook_that_only_the_layer_lists_is_followed_to_what_the_view_has_of_it() -> None:
    view = View()
    view.apply(event(1, webhook("w1")))
    key, listing = webhook_key(ORGANIZATION, "w1"), organization_key(ORGANIZATION)
    layer = {listing: view.registers[listing]}
    found = Tail(view.mark).over(query_webhooks(ORGANIZATION, offset=0, limit=1_000), {key: view.registers[key]}, layer)
    assert [shown.webhook_id for shown in webhooks_in(ORGANIZATION, found)] == ["w1"]


def test_what_is_found_is_a_copy_that_nobody_else_sees_change() -> None:
    tail = Tail(BEGINNING)
    tail.extend(event(1, webhook("w1")))
    query = query_webhook(ORGANIZATION, "w1")
    view: dict[str, dict[str, str]] = {query.keys[0]: {}}
    found = tail.over(query, view, {})
    assert isinstance(found, dict)
    found[query.keys[0]] = {}
    assert tail.over(query, view, {})[query.keys[0]]
    assert view == {query.keys[0]: {}}


@pytest.mark.parametrize("sequence", [0, 1, 3, 4])
def test_an_event_that_does_not_follow_is_an_error_and_changes_nothing(sequence: int) -> None:
    tail = Tail(BEGINNING)
    tail.extend(event(1, webhook("w1")))
    with pytest.raises(ValueError, match=f"event {sequence} does not follow 1"):
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
    assert tail.unapplied == 2, "an older word takes nothing back"
    tail.applied(Sequence(99))
    assert tail.unapplied == 0, "a projection ahead of the tail is not below nothing"
    tail.extend(event(6, webhook("w6")))
    assert tail.unapplied == 1


def test_only_what_is_applied_and_no_longer_kept_is_forgotten(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    for sequence in range(1, 7):
        tail.extend(event(sequence, webhook(f"w{sequence}")))
    assert tail.floor == 0
    tail.applied(Sequence(4))
    assert tail.floor == 2
    shown = webhooks_in(ORGANIZATION, tail.over(query_webhooks(ORGANIZATION, offset=0, limit=1_000), {}, {}))
    assert [one.webhook_id for one in shown] == ["w3", "w4", "w5", "w6"]


def test_forgetting_an_event_keeps_what_a_later_one_wrote_to_the_same_register(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    for sequence in range(1, 4):
        tail.extend(event(sequence, trigger("w1")))
    tail.applied(Sequence(3))
    assert tail.floor == 1
    found = tail.over(Query((webhook_key(ORGANIZATION, "w1"),)), {}, {})
    (register,) = found[webhook_key(ORGANIZATION, "w1")].values()
    assert register.startswith(render(Clock(3)))


facts = st.one_of(
    st.builds(webhook, st.sampled_from(["w1", "w2"])),
    st.builds(trigger, st.sampled_from(["w1", "w2"]), st.sampled_from(["PersonCreated_v1", "PersonDeleted_v1"])),
)


@given(
    facts=st.lists(st.tuples(facts, st.integers(1, 5)), max_size=12),
    start=st.integers(0, 12),
    applied=st.lists(st.integers(0, 12), max_size=4),
    kept=st.integers(0, 4),
    data=st.data(),
)
def test_any_view_that_includes_the_floor_with_the_tail_over_it_is_all_there_is(
    facts: list[tuple[AnyEvent, int]], start: int, applied: list[int], kept: int, data: st.DataObject
) -> None:
    log = [event(sequence, fact, clock=clock) for sequence, (fact, clock) in enumerate(facts, start=1)]
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
    for query in (query_webhooks(ORGANIZATION, offset=0, limit=1_000), query_webhook(ORGANIZATION, "w1")):
        found = tail.over(query, view.registers, {})
        assert {key: fields for key, fields in found.items() if fields} == {
            key: fields for key, fields in everything.registers.items() if key in found
        }


def keyed(sequence: int, key: str, *, at: int = NOW, organization: str = ORGANIZATION) -> TailEvent:
    fact = webhook(f"w{sequence}")
    envelope = Envelope(
        operation_id=f"o{sequence}",
        organization_id=organization,
        clock=render(Clock(at << 24)),
        event=fact,
        retry=Retry(key=key, payload=f"p{sequence}"),
    )
    return as_read(sequence, subject_of(HERE, EPOCH, fact), encode(envelope))


def known(tail: Tail, key: str, *, at: int = NOW) -> str:
    recorded = tail.recorded(Retry(key=key, payload=""), now_milliseconds=at)
    return "" if recorded is None else recorded.operation_id


def test_the_first_request_with_a_retry_key_is_known_until_it_is_forgotten_or_too_old(keeps_two: None) -> None:  # noqa: ARG001
    tail = Tail(BEGINNING)
    for event in (keyed(1, "a"), keyed(2, "b"), keyed(3, "a")):
        tail.extend(event)
    assert (known(tail, "a"), known(tail, "b"), known(tail, "c")) == ("o1", "o2", "")
    assert known(tail, "a", at=NOW + 26 * 3_600_000) == ""
    tail.applied(Sequence(3))
    assert (known(tail, "a"), known(tail, "b")) == ("", "o2")


def test_a_retry_key_that_was_too_old_and_was_used_again_is_that_of_the_new_request() -> None:
    tail = Tail(BEGINNING)
    later = NOW + 26 * 3_600_000
    tail.extend(keyed(1, "a"))
    tail.extend(keyed(2, "a", at=later))
    assert known(tail, "a", at=later) == "o2"


def test_the_retry_keys_of_one_organization_since_a_place_are_counted() -> None:
    tail = Tail(BEGINNING)
    for event in (keyed(1, "a"), keyed(2, "b", organization="another"), event_without_key(3), keyed(4, "c")):
        tail.extend(event)
    assert [tail.retry_keys(ORGANIZATION, after=Sequence(place)) for place in range(5)] == [2, 1, 1, 1, 0]
    assert tail.retry_keys("another", after=Sequence(0)) == 1


def event_without_key(sequence: int) -> TailEvent:
    return event(sequence, webhook(f"w{sequence}"), clock=NOW << 24)
