"""What goes into a batch, and what each outcome means for the proposals in it, be it a frame or messages."""

from collections.abc import Sequence as Many

import pytest

from adapters.event_log import Entry
from core.commands import (
    IdempotencyKeyReused,
    IssueApiKey,
    RevokeApiKey,
    TargetUrlTaken,
    TooManyIdempotencyKeys,
    UpdateWebhook,
    WebhookNotFound,
)
from core.events import Envelope, IdempotencyKey
from core.operations import Operation, batch_name, log_code, operation_in
from core.positions import BEGINNING, Position, Sequence
from core.projection import fields_after, key_about, writes_of
from core.stamps import Clock, milliseconds, parse
from service.writes import tail as tail_module
from service.writes.batch import FRAME, MESSAGES, Batch, Form, Repeated, Stale
from service.writes.group_commit import GroupCommit
from tests.unit.service.writes.proposals import (
    EPOCH,
    HERE,
    ORGANIZATION,
    Asked,
    View,
    a_trigger,
    a_webhook,
    as_read,
    ask,
    events_of,
)

NOW = 1_700_000_000_000


TOGETHER = MESSAGES._replace(one_by_one_max=0)


class OneForm(GroupCommit):
    """Composes each batch in the form that the test runs with, unless it names one."""

    form = FRAME


@pytest.fixture(autouse=True, params=[FRAME, TOGETHER], ids=["frames", "messages"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Form:
    form: Form = request.param
    monkeypatch.setattr(OneForm, "form", form)
    return form


def at(*batches: int, number: int = 0) -> int:
    """The sequence of the event with that number in a batch after `batches` of so many events."""
    return len(batches) + 1 if OneForm.form.is_frame else sum(batches) + number + 1


def a_group_commit(*, idempotency_keys_max: int = 100) -> OneForm:
    return OneForm(HERE, EPOCH, BEGINNING, idempotency_keys_max=idempotency_keys_max)


def composed(group_commit: OneForm, now: int = NOW, *, form: Form | None = None) -> Batch:
    batch = group_commit.compose(now, nonce=7, form=form or group_commit.form)
    assert batch is not None
    return batch


def composes_nothing(group_commit: OneForm) -> bool:
    return group_commit.compose(NOW, nonce=8, form=group_commit.form) is None


def submit(group_commit: OneForm, *asked: Asked) -> None:
    for one in asked:
        group_commit.submit(one.proposal)


def landed(group_commit: OneForm, *asked: Asked) -> None:
    submit(group_commit, *asked)
    group_commit.stored(composed(group_commit))


def observe(group_commit: OneForm, sequence: int, entry: Entry) -> None:
    message = as_read(sequence, entry, counted=group_commit.tail.end.count)
    group_commit.observed(message.mark, lambda: message)


def read_back(group_commit: OneForm, batch: Batch) -> None:
    """Observe the messages of `batch` one by one, as the follower reads them from the log."""
    for sequence, entry in enumerate(batch.entries, start=batch.after.sequence + 1):
        observe(group_commit, sequence, entry)


def authors(batch: Batch) -> Many[str]:
    return [event.envelope.author for event in events_of(batch.entries)]


def clocks(batch: Batch) -> list[Clock]:
    return [parse(event.envelope.clock) for event in events_of(batch.entries)]


def test_every_waiting_proposal_goes_into_one_batch_in_order_of_arrival() -> None:
    group_commit = a_group_commit()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(5)]
    submit(group_commit, *asked)
    batch = composed(group_commit)
    assert authors(batch) == ["o0", "o1", "o2", "o3", "o4"]
    assert not group_commit.has_work
    assert all(one.proposal.is_handed for one in asked)
    group_commit.stored(batch)
    assert [one.position.sequence for one in asked] == [at(number=number) for number in range(5)]
    assert {(one.position.origin, one.position.epoch) for one in asked} == {(HERE, EPOCH)}


def test_no_proposal_is_settled_before_the_batch_is_acknowledged() -> None:
    group_commit = a_group_commit()
    asked = ask(a_webhook("w1"), "o1")
    submit(group_commit, asked)
    composed(group_commit)
    assert asked.outcomes == []
    assert group_commit.tail.end == BEGINNING


def test_a_batch_takes_the_most_events_of_its_form_and_the_rest_waits_for_the_next(form: Form) -> None:
    for waiting in (form.events_max, form.events_max + 1):
        group_commit = a_group_commit()
        submit(group_commit, *(ask(a_webhook(f"w{number}"), f"o{number}") for number in range(waiting)))
        batch = composed(group_commit)
        assert len(batch.events) == form.events_max
        assert len(batch.entries) == (1 if form.is_frame else form.events_max)
        assert group_commit.has_work is (waiting > form.events_max)


@pytest.mark.parametrize(("waiting", "in_batch"), [(1, 1), (8, 1), (9, 9), (500, 500), (501, 500)])
def test_a_batch_of_messages_has_the_fastest_size(waiting: int, in_batch: int) -> None:
    """A frame of a few events costs no more than one of a single event, but a batch of a few messages does (ADR 7)."""
    group_commit = a_group_commit()
    submit(group_commit, *(ask(a_webhook(f"w{number}"), f"o{number}") for number in range(waiting)))
    batch = composed(group_commit, form=MESSAGES)
    assert len(batch.entries) == len(batch.events) == in_batch
    assert group_commit.has_work is (waiting > in_batch)


def test_a_batch_is_bounded_in_bytes(form: Form) -> None:
    group_commit = a_group_commit()
    large = "x" * (form.bytes_max // 4)
    for number in range(8):
        command = a_webhook(f"w{number}", target_url=f"https://{number}.example.com/{large}")
        submit(group_commit, ask(command, f"o{number}"))
    assert len(composed(group_commit).events) == 4
    assert group_commit.has_work


def test_each_events_subject_and_mark_carry_the_epoch_of_the_log() -> None:
    group_commit = a_group_commit()
    submit(group_commit, ask(a_webhook("w1"), "o1"))
    batch = composed(group_commit)
    kind = "frame.v1" if group_commit.form.is_frame else "webhook_created.v1"
    assert batch.entries[0].subject == f"events.{HERE}.{EPOCH}.{kind}"
    assert batch.last_mark.epoch == EPOCH


def test_within_a_batch_a_later_proposal_sees_an_earlier_one() -> None:
    group_commit = a_group_commit()
    first, second = ask(a_webhook("w1"), "o1"), ask(a_trigger("w1"), "o2")
    landed(group_commit, first, second)
    assert (first.position.sequence, second.position.sequence) == (at(), at(number=1))


def test_the_next_batch_sees_events_that_the_projection_does_not_show_yet() -> None:
    group_commit = a_group_commit()
    landed(group_commit, ask(a_webhook("w1"), "o1"))
    second = ask(a_trigger("w1"), "o2", View())
    landed(group_commit, second)
    assert second.position.sequence == 2


def test_of_two_creates_of_one_target_url_in_one_batch_the_second_is_refused_once_the_first_is_stored() -> None:
    group_commit = a_group_commit()
    first = ask(a_webhook("w1", target_url="https://same.example.com"), "o1")
    second = ask(a_webhook("w2", target_url="https://same.example.com"), "o2")
    submit(group_commit, first, second)
    batch = composed(group_commit)
    assert authors(batch) == ["o1"]
    assert second.outcomes == [], "the event that refuses it may never be stored"
    assert not second.proposal.is_handed
    group_commit.stored(batch)
    (refusal,) = second.outcomes
    assert isinstance(refusal, TargetUrlTaken)
    assert first.position.sequence == 1


def test_of_two_creates_of_one_target_url_in_two_batches_the_second_is_refused_at_once() -> None:
    group_commit = a_group_commit()
    landed(group_commit, ask(a_webhook("w1", target_url="https://same.example.com"), "o1"))
    second = ask(a_webhook("w2", target_url="https://same.example.com"), "o2")
    submit(group_commit, second)
    assert composes_nothing(group_commit)
    assert isinstance(second.outcomes[0], TargetUrlTaken)
    assert group_commit.in_flight is None


def test_a_target_url_that_an_event_of_another_process_took_is_refused_when_decided_again() -> None:
    ours, theirs = a_group_commit(), a_group_commit()
    same = "https://same.example.com"
    mine, other = ask(a_webhook("w1", target_url=same), "o1"), ask(a_webhook("w2", target_url=same), "o2")
    submit(ours, mine)
    submit(theirs, other)
    lost, won = composed(ours), composed(theirs)
    theirs.stored(won)
    ours.never(lost, is_place_taken=True)
    assert not ours.is_caught_up
    read_back(ours, won)
    assert ours.is_caught_up
    assert composes_nothing(ours)
    assert isinstance(mine.outcomes[0], TargetUrlTaken)


def test_a_refusal_that_depended_on_a_batch_that_never_landed_is_decided_again() -> None:
    group_commit = a_group_commit()
    same = "https://same.example.com"
    first, second = ask(a_webhook("w1", target_url=same), "o1"), ask(a_webhook("w2", target_url=same), "o2")
    submit(group_commit, first, second)
    batch = composed(group_commit)
    group_commit.withdraw(first.proposal)
    group_commit.never(batch, is_place_taken=False)
    assert second.outcomes == []
    again = composed(group_commit)
    assert authors(again) == ["o2"]
    group_commit.stored(again)
    assert second.position.sequence == 1
    assert first.outcomes == []


def test_a_trigger_of_a_webhook_that_is_only_in_a_batch_that_never_landed_is_not_appended() -> None:
    group_commit = a_group_commit()
    webhook, trigger = ask(a_webhook("w1"), "o1"), ask(a_trigger("w1"), "o2")
    submit(group_commit, webhook, trigger)
    batch = composed(group_commit)
    group_commit.withdraw(webhook.proposal)
    group_commit.never(batch, is_place_taken=True)
    observe(group_commit, 1, from_another_process())
    assert composes_nothing(group_commit)
    assert isinstance(trigger.outcomes[0], WebhookNotFound)


def from_another_process(webhook_id: str = "other", now: int = NOW) -> Entry:
    group_commit = a_group_commit()
    submit(group_commit, ask(a_webhook(webhook_id), f"of {webhook_id}"))
    return composed(group_commit, now).entries[0]


def test_a_batch_whose_place_is_taken_is_composed_again_only_after_the_event_there_was_read() -> None:
    group_commit = a_group_commit()
    asked = ask(a_webhook("w1"), "o1")
    submit(group_commit, asked)
    group_commit.never(composed(group_commit), is_place_taken=True)
    assert group_commit.has_work
    assert not group_commit.is_caught_up
    assert not asked.proposal.is_handed
    observe(group_commit, 1, from_another_process())
    assert group_commit.is_caught_up
    again = composed(group_commit)
    assert again.after.sequence == 1
    group_commit.stored(again)
    assert asked.position == Position(HERE, EPOCH, Sequence(2))


def test_a_refused_batch_is_decided_again_at_the_same_place_before_later_proposals() -> None:
    group_commit = a_group_commit()
    early = [ask(a_webhook(f"w{number}"), f"early {number}") for number in range(3)]
    submit(group_commit, *early)
    batch = composed(group_commit)
    late = ask(a_webhook("w9"), "late")
    submit(group_commit, late)
    group_commit.never(batch, is_place_taken=False)
    assert group_commit.is_caught_up
    again = composed(group_commit)
    assert authors(again) == ["early 0", "early 1", "early 2", "late"]
    assert again.after == batch.after


def test_a_withdrawn_proposal_is_never_appended_and_never_settled() -> None:
    group_commit = a_group_commit()
    withdrawn, stays = ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    submit(group_commit, withdrawn, stays)
    group_commit.withdraw(withdrawn.proposal)
    batch = composed(group_commit)
    assert authors(batch) == ["o2"]
    group_commit.stored(batch)
    assert withdrawn.outcomes == []


def test_a_proposal_withdrawn_while_its_refusal_waits_is_not_settled() -> None:
    """No request waits any more: asyncio would report an exception that is never retrieved."""
    group_commit = a_group_commit()
    same = "https://same.example.com"
    first, second = ask(a_webhook("w1", target_url=same), "o1"), ask(a_webhook("w2", target_url=same), "o2")
    submit(group_commit, first, second)
    batch = composed(group_commit)
    second.proposal.is_withdrawn = True
    group_commit.stored(batch)
    assert first.position.sequence == 1
    assert second.outcomes == []


def test_a_queue_of_withdrawn_proposals_only_makes_no_batch() -> None:
    group_commit = a_group_commit()
    asked = ask(a_webhook("w1"), "o1")
    submit(group_commit, asked)
    group_commit.withdraw(asked.proposal)
    assert composes_nothing(group_commit), "and it does not fail"
    assert not group_commit.has_work


def test_a_proposal_withdrawn_while_its_batch_is_in_flight_keeps_its_place_in_it() -> None:
    group_commit = a_group_commit()
    withdrawn, stays = ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    submit(group_commit, withdrawn, stays)
    batch = composed(group_commit)
    group_commit.withdraw(withdrawn.proposal)
    group_commit.stored(batch)
    assert stays.position.sequence == at(number=1)


def test_a_lost_acknowledgement_of_a_batch_that_landed_is_found_in_the_log() -> None:
    group_commit = a_group_commit()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    submit(group_commit, *asked)
    batch = composed(group_commit)
    batch.is_open = True
    read_back(group_commit, batch)
    assert batch.is_seen
    assert [one.outcomes for one in asked] == [[], [], []], "what was read may not be synced"
    group_commit.stored(batch)
    assert [one.position.sequence for one in asked] == [at(number=number) for number in range(3)]
    assert group_commit.tail.end == batch.last_mark


def test_a_batch_with_a_lost_acknowledgement_whose_place_another_process_took_is_never_stored() -> None:
    group_commit = a_group_commit()
    asked = ask(a_webhook("w1"), "o1")
    submit(group_commit, asked)
    batch = composed(group_commit)
    batch.is_open = True
    observe(group_commit, 1, from_another_process())
    assert not batch.is_seen
    assert group_commit.tail.end.sequence == 1
    group_commit.never(batch, is_place_taken=True)
    again = composed(group_commit)
    group_commit.stored(again)
    assert asked.position.sequence == 2


def test_our_events_that_are_read_before_and_after_the_acknowledgement_count_once() -> None:
    group_commit = a_group_commit()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    submit(group_commit, *asked)
    batch = composed(group_commit)
    observe(group_commit, 1, batch.entries[0])
    group_commit.stored(batch)
    read_back(group_commit, batch)
    assert group_commit.tail.end.sequence == at(number=2)
    assert [one.position.sequence for one in asked] == [at(number=number) for number in range(3)]


def test_the_log_may_be_read_on_past_a_batch_that_is_not_acknowledged_yet() -> None:
    group_commit = a_group_commit()
    asked = ask(a_webhook("w1"), "o1")
    submit(group_commit, asked)
    batch = composed(group_commit)
    read_back(group_commit, batch)
    observe(group_commit, 2, from_another_process())
    group_commit.stored(batch)
    assert asked.position.sequence == 1
    assert group_commit.tail.end.sequence == 2


def test_a_view_older_than_everything_that_the_tail_remembers_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "KEPT_EVENTS", 1)
    group_commit = a_group_commit()
    for number in range(1, 4):
        landed(group_commit, ask(a_webhook(f"w{number}"), f"o{number}"))
    group_commit.tail.applied(Sequence(3))
    stale, fresh = ask(a_trigger("w1"), "o4"), ask(a_trigger("w3"), "o5", view_up_to(group_commit, 2))
    submit(group_commit, stale, fresh)
    batch = composed(group_commit)
    assert isinstance(stale.outcomes[0], Stale)
    assert not stale.proposal.is_handed
    assert authors(batch) == ["o5"]


def view_up_to(group_commit: OneForm, sequence: int) -> View:
    """A projection after the first `sequence` messages of `group_commit`, each with one of webhooks `w1`, `w2`, …."""
    twin = a_group_commit()
    for number in range(1, sequence + 1):
        landed(twin, ask(a_webhook(f"w{number}"), f"o{number}"))
    assert twin.tail.end.sequence <= group_commit.tail.end.sequence
    view = View()
    for message in twin.tail._messages:  # noqa: SLF001 - it has no other reader
        view.apply(message)
    return view


def test_clocks_rise_within_a_batch_from_batch_to_batch_and_above_every_clock_seen() -> None:
    group_commit = a_group_commit()
    ahead = View(clock=Clock(parse("0" * 18) + ((NOW + 3_600_000) << 24)))
    submit(group_commit, ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2", ahead), ask(a_webhook("w3"), "o3"))
    first = composed(group_commit)
    group_commit.stored(first)
    submit(group_commit, ask(a_webhook("w4"), "o4"))
    second = composed(group_commit, NOW - 1_000_000)
    group_commit.stored(second)
    readings = clocks(first) + clocks(second)
    assert readings == sorted(set(readings))
    assert all(reading > ahead.clock for reading in readings)
    assert [reading - readings[0] for reading in readings] == [0, 1, 2, 3]


def test_a_clock_is_above_that_of_an_event_of_another_process_that_took_the_place() -> None:
    group_commit = a_group_commit()
    submit(group_commit, ask(a_webhook("w1"), "o1"))
    group_commit.never(composed(group_commit), is_place_taken=True)
    observe(group_commit, 1, from_another_process(now=NOW + 60_000))
    assert milliseconds(group_commit.tail.clock) == NOW + 60_000
    assert clocks(composed(group_commit))[0] > group_commit.tail.clock


def test_an_operations_id_contains_its_time_and_the_place_that_its_event_was_handed_to_the_log_for() -> None:
    group_commit = a_group_commit()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    submit(group_commit, *asked)
    batch = composed(group_commit)
    ids = [one.proposal.operation_id for one in asked]
    assert [event.operation_id for event in events_of(batch.entries)] == ids
    assert [operation_in(text, ORGANIZATION) for text in ids] == [
        Operation(batch=batch.name, log=log_code(HERE, EPOCH), number=number, sequence=Sequence(at(number=number)))
        for number in range(3)
    ]
    assert batch.name == batch_name(now_milliseconds=NOW, nonce=7)


def test_a_proposal_has_another_id_at_another_place_and_none_outside_a_batch() -> None:
    group_commit = a_group_commit()
    asked = ask(a_webhook("w1"), "o1")
    submit(group_commit, asked)
    group_commit.never(composed(group_commit), is_place_taken=True)
    assert asked.proposal.operation_id == ""
    observe(group_commit, 1, from_another_process())
    group_commit.stored(composed(group_commit))
    operation = operation_in(asked.proposal.operation_id, ORGANIZATION)
    assert operation is not None
    assert operation.sequence == asked.position.sequence == 2


KEYED = IdempotencyKey(key="k1", payload="p1")


def test_a_request_with_the_idempotency_key_of_one_in_the_same_batch_shares_its_outcome_and_its_operation() -> None:
    group_commit = a_group_commit()
    first, again = (ask(a_webhook(webhook), webhook, idempotency_key=KEYED) for webhook in ("w1", "w2"))
    submit(group_commit, first, again)
    batch = composed(group_commit)
    assert authors(batch) == ["w1"]
    assert again.proposal.is_handed
    assert again.outcomes == [], "the event that it repeats may never be stored"
    group_commit.stored(batch)
    (repeated,) = again.outcomes
    assert isinstance(repeated, Repeated)
    assert repeated.first.operation_id == first.proposal.operation_id == again.proposal.operation_id


def test_a_request_joins_the_same_one_that_is_in_flight() -> None:
    group_commit = a_group_commit()
    first, again = (ask(a_webhook(webhook), webhook, idempotency_key=KEYED) for webhook in ("w1", "w2"))
    submit(group_commit, first)
    batch = composed(group_commit)
    submit(group_commit, again)
    assert not group_commit.has_work
    assert again.proposal.operation_id == first.proposal.operation_id
    group_commit.stored(batch)
    assert isinstance(again.outcomes[0], Repeated)


def test_a_request_that_joined_a_batch_that_never_landed_is_appended_itself() -> None:
    group_commit = a_group_commit()
    first, again = (ask(a_webhook(webhook), webhook, idempotency_key=KEYED) for webhook in ("w1", "w2"))
    submit(group_commit, first)
    batch = composed(group_commit)
    submit(group_commit, again)
    group_commit.withdraw(first.proposal)
    group_commit.never(batch, is_place_taken=False)
    landed_instead = composed(group_commit)
    assert authors(landed_instead) == ["w2"]
    group_commit.stored(landed_instead)
    assert again.position.sequence == 1


def test_an_idempotency_key_in_the_tail_is_known_at_once_and_with_another_payload_refused() -> None:
    group_commit = a_group_commit()
    first = ask(a_webhook("w1"), "o1", idempotency_key=KEYED)
    landed(group_commit, first)
    again = ask(a_webhook("w2"), "o2", idempotency_key=KEYED)
    reused = ask(a_webhook("w3"), "o3", idempotency_key=IdempotencyKey(key="k1", payload="p2"))
    submit(group_commit, again, reused)
    assert composes_nothing(group_commit)
    assert isinstance(again.outcomes[0], Repeated)
    assert isinstance(reused.outcomes[0], IdempotencyKeyReused)


def test_an_idempotency_key_used_through_another_process_is_known_once_its_event_was_read() -> None:
    ours, theirs = a_group_commit(), a_group_commit()
    mine, other = (ask(a_webhook(webhook), webhook, idempotency_key=KEYED) for webhook in ("w1", "w2"))
    submit(ours, mine)
    submit(theirs, other)
    lost, won = composed(ours), composed(theirs)
    theirs.stored(won)
    ours.never(lost, is_place_taken=True)
    read_back(ours, won)
    assert composes_nothing(ours)
    (repeated,) = mine.outcomes
    assert isinstance(repeated, Repeated)
    assert repeated.first.operation_id == other.proposal.operation_id


def test_an_idempotency_key_beyond_the_most_that_are_kept_is_refused_and_none_is_forgotten() -> None:
    group_commit = a_group_commit(idempotency_keys_max=3)
    seen = View(idempotency_keys={"before"})
    asked = [
        ask(a_webhook(f"w{number}"), f"o{number}", seen, idempotency_key=IdempotencyKey(key=f"k{number}", payload="p"))
        for number in range(3)
    ]
    submit(group_commit, *asked)
    group_commit.stored(composed(group_commit))
    assert [one.position.sequence for one in asked[:2]] == [at(), at(number=1)]
    (refusal,) = asked[2].outcomes
    assert isinstance(refusal, TooManyIdempotencyKeys)
    later = ask(a_webhook("w4"), "o4", seen, idempotency_key=IdempotencyKey(key="k4", payload="p"))
    unkeyed = ask(a_webhook("w5"), "o5", seen)
    submit(group_commit, later, unkeyed)
    group_commit.stored(composed(group_commit))
    assert isinstance(later.outcomes[0], TooManyIdempotencyKeys)
    assert unkeyed.position.sequence == at(2)


def test_the_administrator_counts_apart_and_a_revocation_is_never_refused_for_the_count() -> None:
    group_commit = a_group_commit(idempotency_keys_max=1)
    ours = [
        ask(a_webhook(f"w{number}"), "k1", idempotency_key=IdempotencyKey(key=f"w{number}", payload="p"))
        for number in range(2)
    ]
    keys = [
        ask(
            IssueApiKey(ORGANIZATION, f"k{number}", "d"),
            "admin",
            idempotency_key=IdempotencyKey(key=f"k{number}", payload="p"),
        )
        for number in range(2)
    ]
    submit(group_commit, *ours, *keys)
    batch = composed(group_commit)
    group_commit.stored(batch)
    assert [ours[0].position.sequence, keys[0].position.sequence] == [at(), at(number=1)]
    assert [type(one.outcomes[0]) for one in (ours[1], keys[1])] == [TooManyIdempotencyKeys] * 2
    view = View()
    for message in batch.messages:
        view.apply(message)
    revoked = ask(RevokeApiKey(ORGANIZATION, "k0"), "admin", view, idempotency_key=IdempotencyKey(key="r", payload="p"))
    submit(group_commit, revoked)
    group_commit.stored(composed(group_commit))
    assert revoked.position.sequence == at(2)


def test_a_refused_command_gets_its_own_reason_even_if_no_more_idempotency_keys_are_kept() -> None:
    group_commit = a_group_commit(idempotency_keys_max=1)
    asked = ask(
        a_trigger("nobody's"),
        "k1",
        View(idempotency_keys={"before"}),
        idempotency_key=IdempotencyKey(key="k", payload="p"),
    )
    submit(group_commit, asked)
    assert composes_nothing(group_commit)
    assert isinstance(asked.outcomes[0], WebhookNotFound)


def renamed(group_commit: OneForm, idempotency_key: IdempotencyKey | None) -> tuple[Envelope, Asked, Batch]:
    asked = ask(
        UpdateWebhook(organization_id=ORGANIZATION, webhook_id="w1", name="renamed"),
        "o2",
        idempotency_key=idempotency_key,
    )
    submit(group_commit, asked)
    batch = composed(group_commit)
    group_commit.stored(batch)
    (event,) = events_of(batch.entries, after=batch.after.sequence)
    return event.envelope, asked, batch


def test_a_change_with_an_idempotency_key_keeps_the_registers_that_its_author_saw() -> None:
    group_commit = a_group_commit()
    landed(group_commit, ask(a_webhook("w1"), "o1"))
    assert renamed(group_commit, None)[0].seen == {}
    envelope, asked, batch = renamed(group_commit, KEYED)
    assert "name" not in envelope.seen
    key, writes = key_about(ORGANIZATION, envelope.event), writes_of(envelope, asked.position)
    assert fields_after(writes, key=key, before=envelope.seen) == batch.results[0]


def test_a_request_that_was_answered_that_its_event_may_still_land_keeps_the_batch_in_doubt() -> None:
    group_commit = a_group_commit()
    asked, refused = ask(a_webhook("w1"), "o1"), ask(a_webhook("w1", target_url="https://w1.example.com"), "o2")
    submit(group_commit, asked, refused)
    batch = composed(group_commit)
    assert not batch.is_reported_open
    group_commit.withdraw(refused.proposal)
    assert not batch.is_reported_open, "it was not handed to the log, and no response said so"
    group_commit.withdraw(asked.proposal)
    assert batch.is_reported_open


def test_deciding_ends_when_it_is_enough_for_now_and_the_rest_still_waits() -> None:
    group_commit = a_group_commit()
    same = "https://same.example.com"
    asked = [ask(a_webhook(f"w{number}", target_url=same), f"o{number}") for number in range(5)]
    submit(group_commit, *asked)
    group_commit.stored(only(group_commit, 1))
    assert [len(one.outcomes) for one in asked] == [1, 0, 0, 0, 0]
    while group_commit.has_work:
        batch = group_commit.compose(NOW, nonce=1, form=group_commit.form, is_enough=lambda: True)
        assert batch is None, "it is refused, and no event results"
    assert [len(one.outcomes) for one in asked] == [1, 1, 1, 1, 1]


def only(group_commit: OneForm, count: int) -> Batch:
    """A batch that is decided on so many proposals."""
    decided = iter(range(1, count + 1))
    batch = group_commit.compose(NOW, nonce=1, form=group_commit.form, is_enough=lambda: next(decided) == count)
    assert batch is not None
    return batch


def test_the_events_of_a_batch_that_the_log_does_not_take_together_are_appended_one_by_one() -> None:
    group_commit = a_group_commit()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    submit(group_commit, *asked)
    group_commit.not_as_a_batch(composed(group_commit))
    first, second = composed(group_commit), None
    assert authors(first) == ["o0"]
    group_commit.stored(first)
    second = composed(group_commit)
    assert authors(second) == ["o1"]
    group_commit.too_large(second, "takes at most 5")
    assert [str(outcome) for outcome in asked[1].outcomes] == ["takes at most 5"]
    assert not asked[1].proposal.is_handed
    group_commit.stored(composed(group_commit))
    assert [one.position.sequence for one in (asked[0], asked[2])] == [1, 2]
    submit(group_commit, *(later := [ask(a_webhook(f"l{number}"), f"l{number}") for number in range(2)]))
    assert authors(composed(group_commit)) == ["l0", "l1"], "only the events that were refused are appended one by one"
    assert [one.outcomes for one in later] == [[], []]


def test_a_frames_events_are_read_back_with_the_ids_the_stamps_and_the_count_that_the_writer_gave_them() -> None:
    group_commit, elsewhere = a_group_commit(), a_group_commit()
    for sizes in (3, 1, 2):
        asked = [ask(a_webhook(f"w{sizes}{number}"), f"o{sizes}{number}") for number in range(sizes)]
        submit(group_commit, *asked)
        batch = composed(group_commit)
        group_commit.stored(batch)
        read_back(elsewhere, batch)
        assert batch.messages == [*elsewhere.tail._messages][-len(batch.messages) :]  # noqa: SLF001 - as above
        ids = [event.operation_id for event in events_of(batch.entries, after=batch.after.sequence)]
        assert ids == [one.proposal.operation_id for one in asked]
    assert group_commit.tail.end.count == elsewhere.tail.end.count == group_commit.tail.unapplied == 6
    assert group_commit.tail.clock == elsewhere.tail.clock


def test_a_frame_has_the_trace_of_each_of_its_events_in_their_order() -> None:
    group_commit = a_group_commit()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    asked[0].proposal.traceparent, asked[2].proposal.traceparent = "00-a-b-01", "00-c-d-01"
    submit(group_commit, *asked)
    traces = [entry.traceparent for entry in composed(group_commit).entries]
    assert traces == (["00-a-b-01,,00-c-d-01"] if group_commit.form.is_frame else ["00-a-b-01", "", "00-c-d-01"])


def test_a_frame_of_events_without_traces_has_none() -> None:
    group_commit = a_group_commit()
    submit(group_commit, *(ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)))
    assert {entry.traceparent for entry in composed(group_commit).entries} == {""}


def test_a_log_that_changes_its_form_has_one_count_and_keeps_every_idempotency_key_recognized() -> None:
    group_commit, elsewhere = a_group_commit(), a_group_commit()
    keys = []
    for number, form in enumerate([TOGETHER, FRAME, TOGETHER, FRAME]):
        pair = [IdempotencyKey(key=f"k{number}{half}", payload="p") for half in "ab"]
        asked = [ask(a_webhook(f"w{one.key}"), one.key, idempotency_key=one) for one in pair]
        submit(group_commit, *asked)
        batch = composed(group_commit, form=form)
        group_commit.stored(batch)
        read_back(elsewhere, batch)
        keys += [(key, one.proposal.operation_id) for key, one in zip(pair, asked, strict=True)]
    assert elsewhere.tail.end == group_commit.tail.end
    assert (elsewhere.tail.end.sequence, elsewhere.tail.end.count) == (6, 8)
    for tail in (group_commit.tail, elsewhere.tail):
        for key, operation in keys:
            recorded = tail.recorded(key, now_milliseconds=NOW)
            assert recorded is not None
            assert recorded.operation_id == operation


def test_a_batch_set_aside_keeps_its_form_and_a_batch_of_the_other_form_takes_its_place(form: Form) -> None:
    """What the batch became may be in the log already, so it must be tried again as it was."""
    group_commit, asked, other = a_group_commit(), ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    batch = in_doubt(group_commit, asked, other)
    entries = list(batch.entries)
    rival = composed(group_commit, form=MESSAGES if form.is_frame else FRAME)
    group_commit.never(rival, is_place_taken=False)
    group_commit.withdraw(other.proposal)
    assert composed(group_commit, form=rival.form) is batch
    assert (batch.form, batch.entries) == (form, entries)
    group_commit.stored(batch)
    assert asked.position.sequence == 1


def in_doubt(group_commit: OneForm, asked: Asked, other: Asked) -> Batch:
    """The batch of `asked`, set aside for `other`, which waits."""
    submit(group_commit, asked)
    batch = composed(group_commit)
    batch.is_open = True
    submit(group_commit, other)
    group_commit.set_aside(batch)
    return batch


def test_a_batch_set_aside_is_decided_again_once_another_event_has_its_place() -> None:
    group_commit, asked, other = a_group_commit(), ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    batch = in_doubt(group_commit, asked, other)
    rival = composed(group_commit)
    assert (rival.after, authors(rival)) == (batch.after, ["o2"])
    assert asked.proposal.is_handed, "it may still land"
    group_commit.stored(rival)
    assert other.position.sequence == 1
    assert not asked.proposal.is_handed
    again = composed(group_commit)
    assert authors(again) == ["o1"]
    group_commit.too_large(again, "takes at most 5")
    assert [str(outcome) for outcome in asked.outcomes] == ["takes at most 5"]


def test_a_batch_set_aside_that_had_landed_is_stored_and_its_rival_is_not() -> None:
    group_commit, asked, other = a_group_commit(), ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    batch = in_doubt(group_commit, asked, other)
    rival = composed(group_commit)
    read_back(group_commit, batch)
    assert asked.outcomes == [], "what was read may not be synced: the log answers first"
    group_commit.never(rival, is_place_taken=True)
    assert asked.position.sequence == 1
    group_commit.stored(composed(group_commit))
    assert other.position.sequence == 2


def test_a_batch_set_aside_is_tried_again_unchanged_if_no_other_proposal_waits() -> None:
    group_commit, asked, other = a_group_commit(), ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    batch = in_doubt(group_commit, asked, other)
    group_commit.withdraw(other.proposal)
    assert group_commit.has_work
    assert not group_commit.others_wait
    assert composed(group_commit) is batch
    group_commit.stored(batch)
    assert asked.position.sequence == 1
