"""What goes into a batch, and what each outcome means to those who wait for it."""

from collections.abc import Sequence as Many

import pytest

from adapters.batches import BATCH_BYTES_MAX, batch_size
from core.codec import decode
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
from service.writes.batch import Batch, Repeated, Stale
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
)

NOW = 1_700_000_000_000


def an_appending(*, batches_of: int = 100, idempotency_keys_max: int = 100) -> GroupCommit:
    return GroupCommit(
        HERE,
        EPOCH,
        BEGINNING,
        batch_size=lambda waiting: min(waiting, batches_of),
        idempotency_keys_max=idempotency_keys_max,
    )


def composed(appending: GroupCommit, now: int = NOW) -> Batch:
    batch = appending.compose(now, nonce=7)
    assert batch is not None
    return batch


def submit(appending: GroupCommit, *asked: Asked) -> None:
    for one in asked:
        appending.submit(one.proposal)


def landed(appending: GroupCommit, *asked: Asked) -> None:
    submit(appending, *asked)
    appending.stored(composed(appending))


def read_back(appending: GroupCommit, batch: Batch) -> None:
    """The follower hands on, one by one, what stands in the log where `batch` was put."""
    for number, (subject, data) in enumerate(batch.entries, start=1):
        appending.observed(as_read(batch.after.sequence + number, subject, data))


def authors(batch: Batch) -> Many[str]:
    return [decode(data).author for _, data in batch.entries]


def clocks(batch: Batch) -> list[Clock]:
    return [parse(decode(data).clock) for _, data in batch.entries]


def test_everything_that_waits_goes_into_one_batch_in_the_order_it_came() -> None:
    appending = an_appending()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(5)]
    submit(appending, *asked)
    batch = composed(appending)
    assert authors(batch) == ["o0", "o1", "o2", "o3", "o4"]
    assert not appending.has_work
    assert all(one.proposal.is_handed for one in asked)
    appending.stored(batch)
    assert [one.position.sequence for one in asked] == [1, 2, 3, 4, 5]
    assert {(one.position.origin, one.position.epoch) for one in asked} == {(HERE, EPOCH)}


def test_nothing_is_told_to_anybody_before_the_batch_is_acknowledged() -> None:
    appending = an_appending()
    asked = ask(a_webhook("w1"), "o1")
    submit(appending, asked)
    composed(appending)
    assert asked.told == []
    assert appending.tail.end == BEGINNING


@pytest.mark.parametrize(("waiting", "in_batch"), [(1, 1), (8, 1), (9, 9), (500, 500), (501, 500)])
def test_a_batch_is_as_large_as_is_fastest_and_the_rest_waits_for_the_next(waiting: int, in_batch: int) -> None:
    appending = GroupCommit(HERE, EPOCH, BEGINNING, batch_size=batch_size, idempotency_keys_max=1)
    submit(appending, *(ask(a_webhook(f"w{number}"), f"o{number}") for number in range(waiting)))
    assert len(composed(appending).entries) == in_batch
    assert appending.has_work is (waiting > in_batch)


def test_a_batch_is_bounded_in_bytes() -> None:
    appending = an_appending()
    large = "x" * (BATCH_BYTES_MAX // 4)
    for number in range(8):
        command = a_webhook(f"w{number}", target_url=f"https://{number}.example.com/{large}")
        submit(appending, ask(command, f"o{number}"))
    assert len(composed(appending).entries) == 4
    assert appending.has_work


def test_each_events_subject_and_mark_carry_the_epoch_of_the_log() -> None:
    appending = an_appending()
    submit(appending, ask(a_webhook("w1"), "o1"))
    batch = composed(appending)
    assert batch.entries[0][0] == f"events.{HERE}.{EPOCH}.webhook_created.v1"
    assert batch.events[0].mark.epoch == EPOCH


def test_within_a_batch_a_later_proposal_sees_an_earlier_one() -> None:
    appending = an_appending()
    first, second = ask(a_webhook("w1"), "o1"), ask(a_trigger("w1"), "o2")
    landed(appending, first, second)
    assert (first.position.sequence, second.position.sequence) == (1, 2)


def test_the_next_batch_sees_what_the_projection_does_not_show_yet() -> None:
    appending = an_appending()
    landed(appending, ask(a_webhook("w1"), "o1"))
    second = ask(a_trigger("w1"), "o2", View())
    landed(appending, second)
    assert second.position.sequence == 2


def test_of_two_creates_of_one_target_url_in_one_batch_the_second_is_refused_once_the_first_is_stored() -> None:
    appending = an_appending()
    first = ask(a_webhook("w1", target_url="https://same.example.com"), "o1")
    second = ask(a_webhook("w2", target_url="https://same.example.com"), "o2")
    submit(appending, first, second)
    batch = composed(appending)
    assert authors(batch) == ["o1"]
    assert second.told == [], "what refuses it may never be stored"
    assert not second.proposal.is_handed
    appending.stored(batch)
    (refusal,) = second.told
    assert isinstance(refusal, TargetUrlTaken)
    assert first.position.sequence == 1


def test_of_two_creates_of_one_target_url_in_two_batches_the_second_is_refused_at_once() -> None:
    appending = an_appending()
    landed(appending, ask(a_webhook("w1", target_url="https://same.example.com"), "o1"))
    second = ask(a_webhook("w2", target_url="https://same.example.com"), "o2")
    submit(appending, second)
    assert appending.compose(NOW, nonce=8) is None
    assert isinstance(second.told[0], TargetUrlTaken)
    assert appending.in_flight is None


def test_a_target_url_that_somebody_elses_event_took_is_refused_when_decided_again() -> None:
    ours, theirs = an_appending(), an_appending()
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
    assert ours.compose(NOW, nonce=9) is None
    assert isinstance(mine.told[0], TargetUrlTaken)


def test_a_refusal_that_depended_on_a_batch_that_never_landed_is_decided_again() -> None:
    appending = an_appending()
    same = "https://same.example.com"
    first, second = ask(a_webhook("w1", target_url=same), "o1"), ask(a_webhook("w2", target_url=same), "o2")
    submit(appending, first, second)
    batch = composed(appending)
    appending.withdraw(first.proposal)
    appending.never(batch, is_place_taken=False)
    assert second.told == []
    again = composed(appending)
    assert authors(again) == ["o2"]
    appending.stored(again)
    assert second.position.sequence == 1
    assert first.told == []


def test_a_trigger_of_a_webhook_that_is_only_in_a_batch_that_never_landed_is_not_appended() -> None:
    appending = an_appending()
    webhook, trigger = ask(a_webhook("w1"), "o1"), ask(a_trigger("w1"), "o2")
    submit(appending, webhook, trigger)
    batch = composed(appending)
    appending.withdraw(webhook.proposal)
    appending.never(batch, is_place_taken=True)
    appending.observed(as_read(1, *somebody_elses()))
    assert appending.compose(NOW, nonce=8) is None
    assert isinstance(trigger.told[0], WebhookNotFound)


def somebody_elses(webhook_id: str = "other", now: int = NOW) -> tuple[str, bytes]:
    appending = an_appending()
    submit(appending, ask(a_webhook(webhook_id), f"of {webhook_id}"))
    return composed(appending, now).entries[0]


def test_a_batch_whose_place_is_taken_is_not_composed_again_before_what_took_it_was_read() -> None:
    appending = an_appending()
    asked = ask(a_webhook("w1"), "o1")
    submit(appending, asked)
    appending.never(composed(appending), is_place_taken=True)
    assert appending.has_work
    assert not appending.is_caught_up
    assert not asked.proposal.is_handed
    appending.observed(as_read(1, *somebody_elses()))
    assert appending.is_caught_up
    again = composed(appending)
    assert again.after.sequence == 1
    appending.stored(again)
    assert asked.position == Position(HERE, EPOCH, Sequence(2))


def test_a_refused_batch_is_decided_again_at_the_same_place_before_those_who_came_later() -> None:
    appending = an_appending()
    early = [ask(a_webhook(f"w{number}"), f"early {number}") for number in range(3)]
    submit(appending, *early)
    batch = composed(appending)
    late = ask(a_webhook("w9"), "late")
    submit(appending, late)
    appending.never(batch, is_place_taken=False)
    assert appending.is_caught_up
    again = composed(appending)
    assert authors(again) == ["early 0", "early 1", "early 2", "late"]
    assert again.after == batch.after


def test_a_withdrawn_proposal_is_never_appended_and_never_told() -> None:
    appending = an_appending()
    withdrawn, stays = ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    submit(appending, withdrawn, stays)
    appending.withdraw(withdrawn.proposal)
    batch = composed(appending)
    assert authors(batch) == ["o2"]
    appending.stored(batch)
    assert withdrawn.told == []


def test_one_withdrawn_while_its_refusal_waits_is_not_told_of_it() -> None:
    """Nobody listens any more: an error that nobody takes would be reported as forgotten."""
    appending = an_appending()
    same = "https://same.example.com"
    first, second = ask(a_webhook("w1", target_url=same), "o1"), ask(a_webhook("w2", target_url=same), "o2")
    submit(appending, first, second)
    batch = composed(appending)
    second.proposal.is_withdrawn = True
    appending.stored(batch)
    assert first.position.sequence == 1
    assert second.told == []


def test_a_queue_of_withdrawn_proposals_only_makes_no_batch() -> None:
    appending = an_appending()
    asked = ask(a_webhook("w1"), "o1")
    submit(appending, asked)
    appending.withdraw(asked.proposal)
    assert appending.compose(NOW, nonce=8) is None
    assert not appending.has_work


def test_one_withdrawn_while_its_batch_is_in_flight_keeps_its_place_there() -> None:
    appending = an_appending()
    withdrawn, stays = ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    submit(appending, withdrawn, stays)
    batch = composed(appending)
    appending.withdraw(withdrawn.proposal)
    appending.stored(batch)
    assert stays.position.sequence == 2


def test_a_lost_acknowledgement_of_a_batch_that_landed_is_found_in_the_log() -> None:
    appending = an_appending()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    submit(appending, *asked)
    batch = composed(appending)
    batch.is_open = True
    read_back(appending, batch)
    assert batch.is_seen
    assert [one.told for one in asked] == [[], [], []], "seen is not synced: the driver says when it is stored"
    appending.stored(batch)
    assert [one.position.sequence for one in asked] == [1, 2, 3]
    assert appending.tail.end == batch.events[-1].mark


def test_a_lost_acknowledgement_of_a_batch_whose_place_somebody_else_took_is_never_stored() -> None:
    appending = an_appending()
    asked = ask(a_webhook("w1"), "o1")
    submit(appending, asked)
    batch = composed(appending)
    batch.is_open = True
    appending.observed(as_read(1, *somebody_elses()))
    assert not batch.is_seen
    assert appending.tail.end.sequence == 1
    appending.never(batch, is_place_taken=True)
    again = composed(appending)
    appending.stored(again)
    assert asked.position.sequence == 2


def test_events_of_ours_that_are_read_before_and_after_the_acknowledgement_count_once() -> None:
    appending = an_appending()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    submit(appending, *asked)
    batch = composed(appending)
    appending.observed(as_read(1, *batch.entries[0]))
    appending.stored(batch)
    read_back(appending, batch)
    assert appending.tail.end.sequence == 3
    assert [one.position.sequence for one in asked] == [1, 2, 3]


def test_the_log_may_be_read_on_past_a_batch_that_is_not_acknowledged_yet() -> None:
    appending = an_appending()
    asked = ask(a_webhook("w1"), "o1")
    submit(appending, asked)
    batch = composed(appending)
    read_back(appending, batch)
    appending.observed(as_read(2, *somebody_elses()))
    appending.stored(batch)
    assert asked.position.sequence == 1
    assert appending.tail.end.sequence == 2


def test_a_view_that_is_older_than_what_the_tail_remembers_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "KEPT_EVENTS", 1)
    appending = an_appending()
    landed(appending, *(ask(a_webhook(f"w{number}"), f"o{number}") for number in range(1, 4)))
    appending.tail.applied(Sequence(3))
    stale, fresh = ask(a_trigger("w1"), "o4"), ask(a_trigger("w3"), "o5", view_up_to(appending, 2))
    submit(appending, stale, fresh)
    batch = composed(appending)
    assert isinstance(stale.told[0], Stale)
    assert not stale.proposal.is_handed
    assert authors(batch) == ["o5"]


def view_up_to(appending: GroupCommit, sequence: int) -> View:
    """A projection of a log that begins with `sequence` events of webhooks `w1`, `w2`, …, as `appending` wrote it."""
    twin = an_appending()
    landed(twin, *(ask(a_webhook(f"w{number}"), f"o{number}") for number in range(1, sequence + 1)))
    assert twin.tail.end.sequence <= appending.tail.end.sequence
    view = View()
    for event in twin.tail._events:  # noqa: SLF001 - it has no other reader
        view.apply(event)
    return view


def test_clocks_rise_within_a_batch_from_batch_to_batch_and_above_all_that_was_seen() -> None:
    appending = an_appending()
    ahead = View(clock=Clock(parse("0" * 18) + ((NOW + 3_600_000) << 24)))
    submit(appending, ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2", ahead), ask(a_webhook("w3"), "o3"))
    first = composed(appending)
    appending.stored(first)
    submit(appending, ask(a_webhook("w4"), "o4"))
    second = composed(appending, NOW - 1_000_000)
    appending.stored(second)
    readings = clocks(first) + clocks(second)
    assert readings == sorted(set(readings))
    assert milliseconds(readings[0]) == NOW
    assert all(reading > ahead.clock for reading in readings[1:])


def test_a_clock_is_above_that_of_an_event_of_somebody_else_which_took_the_place() -> None:
    appending = an_appending()
    submit(appending, ask(a_webhook("w1"), "o1"))
    appending.never(composed(appending), is_place_taken=True)
    other = as_read(1, *somebody_elses(now=NOW + 60_000))
    appending.observed(other)
    assert clocks(composed(appending))[0] > other.clock


def test_an_operations_id_says_when_it_was_made_and_the_place_that_its_event_was_handed_to_the_log_for() -> None:
    appending = an_appending()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    submit(appending, *asked)
    batch = composed(appending)
    ids = [one.proposal.operation_id for one in asked]
    assert [decode(data).operation_id for _, data in batch.entries] == ids
    first = Sequence(1)
    assert [operation_in(text, ORGANIZATION) for text in ids] == [
        Operation(batch=batch.name, log=log_code(HERE, EPOCH), batch_start=first, sequence=Sequence(place))
        for place in (1, 2, 3)
    ]
    assert batch.name == batch_name(now_milliseconds=NOW, nonce=7)


def test_one_that_gets_another_place_gets_another_id_and_one_that_is_in_no_batch_has_none() -> None:
    appending = an_appending()
    asked = ask(a_webhook("w1"), "o1")
    submit(appending, asked)
    appending.never(composed(appending), is_place_taken=True)
    assert asked.proposal.operation_id == ""
    appending.observed(as_read(1, *somebody_elses()))
    appending.stored(composed(appending))
    operation = operation_in(asked.proposal.operation_id, ORGANIZATION)
    assert operation is not None
    assert operation.sequence == asked.position.sequence == 2


KEYED = IdempotencyKey(key="k1", payload="p1")


def test_a_request_with_the_idempotency_key_of_one_in_the_same_batch_shares_its_outcome_and_its_operation() -> None:
    appending = an_appending()
    first, again = (ask(a_webhook(webhook), webhook, idempotency_key=KEYED) for webhook in ("w1", "w2"))
    submit(appending, first, again)
    batch = composed(appending)
    assert authors(batch) == ["w1"]
    assert again.proposal.is_handed
    assert again.told == [], "what it repeats may never be stored"
    appending.stored(batch)
    (repeated,) = again.told
    assert isinstance(repeated, Repeated)
    assert repeated.first.operation_id == first.proposal.operation_id == again.proposal.operation_id


def test_a_request_joins_the_same_one_that_is_in_flight() -> None:
    appending = an_appending()
    first, again = (ask(a_webhook(webhook), webhook, idempotency_key=KEYED) for webhook in ("w1", "w2"))
    submit(appending, first)
    batch = composed(appending)
    submit(appending, again)
    assert not appending.has_work
    assert again.proposal.operation_id == first.proposal.operation_id
    appending.stored(batch)
    assert isinstance(again.told[0], Repeated)


def test_one_that_joined_what_never_landed_is_appended_itself() -> None:
    appending = an_appending()
    first, again = (ask(a_webhook(webhook), webhook, idempotency_key=KEYED) for webhook in ("w1", "w2"))
    submit(appending, first)
    batch = composed(appending)
    submit(appending, again)
    appending.withdraw(first.proposal)
    appending.never(batch, is_place_taken=False)
    landed_instead = composed(appending)
    assert authors(landed_instead) == ["w2"]
    appending.stored(landed_instead)
    assert again.position.sequence == 1


def test_an_idempotency_key_in_the_tail_is_known_at_once_and_with_another_payload_refused() -> None:
    appending = an_appending()
    first = ask(a_webhook("w1"), "o1", idempotency_key=KEYED)
    landed(appending, first)
    again = ask(a_webhook("w2"), "o2", idempotency_key=KEYED)
    reused = ask(a_webhook("w3"), "o3", idempotency_key=IdempotencyKey(key="k1", payload="p2"))
    submit(appending, again, reused)
    assert appending.compose(NOW, nonce=8) is None
    assert isinstance(again.told[0], Repeated)
    assert isinstance(reused.told[0], IdempotencyKeyReused)


def test_an_idempotency_key_that_somebody_else_used_is_known_once_its_event_was_read() -> None:
    ours, theirs = an_appending(), an_appending()
    mine, other = (ask(a_webhook(webhook), webhook, idempotency_key=KEYED) for webhook in ("w1", "w2"))
    submit(ours, mine)
    submit(theirs, other)
    lost, won = composed(ours), composed(theirs)
    theirs.stored(won)
    ours.never(lost, is_place_taken=True)
    read_back(ours, won)
    assert ours.compose(NOW, nonce=9) is None
    (repeated,) = mine.told
    assert isinstance(repeated, Repeated)
    assert repeated.first.operation_id == other.proposal.operation_id


def test_one_idempotency_key_more_than_are_kept_is_refused_and_none_is_forgotten() -> None:
    appending = an_appending(idempotency_keys_max=3)
    seen = View(idempotency_keys={"before"})
    asked = [
        ask(a_webhook(f"w{number}"), f"o{number}", seen, idempotency_key=IdempotencyKey(key=f"k{number}", payload="p"))
        for number in range(3)
    ]
    submit(appending, *asked)
    appending.stored(composed(appending))
    assert [one.position.sequence for one in asked[:2]] == [1, 2]
    (refusal,) = asked[2].told
    assert isinstance(refusal, TooManyIdempotencyKeys)
    later = ask(a_webhook("w4"), "o4", seen, idempotency_key=IdempotencyKey(key="k4", payload="p"))
    unkeyed = ask(a_webhook("w5"), "o5", seen)
    submit(appending, later, unkeyed)
    appending.stored(composed(appending))
    assert isinstance(later.told[0], TooManyIdempotencyKeys)
    assert unkeyed.position.sequence == 3


def test_the_administrator_counts_apart_and_a_revocation_is_never_refused_for_the_count() -> None:
    appending = an_appending(idempotency_keys_max=1)
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
    submit(appending, *ours, *keys)
    batch = composed(appending)
    appending.stored(batch)
    assert [ours[0].position.sequence, keys[0].position.sequence] == [1, 2]
    assert [type(one.told[0]) for one in (ours[1], keys[1])] == [TooManyIdempotencyKeys] * 2
    view = View()
    for event in batch.events:
        view.apply(event)
    revoked = ask(RevokeApiKey(ORGANIZATION, "k0"), "admin", view, idempotency_key=IdempotencyKey(key="r", payload="p"))
    submit(appending, revoked)
    appending.stored(composed(appending))
    assert revoked.position.sequence == 3


def test_what_is_refused_is_told_why_though_no_idempotency_key_more_is_kept() -> None:
    appending = an_appending(idempotency_keys_max=1)
    asked = ask(
        a_trigger("nobody's"),
        "k1",
        View(idempotency_keys={"before"}),
        idempotency_key=IdempotencyKey(key="k", payload="p"),
    )
    submit(appending, asked)
    assert appending.compose(NOW, nonce=7) is None
    assert isinstance(asked.told[0], WebhookNotFound)


def renamed(appending: GroupCommit, idempotency_key: IdempotencyKey | None) -> tuple[Envelope, Asked, Batch]:
    asked = ask(
        UpdateWebhook(organization_id=ORGANIZATION, webhook_id="w1", name="renamed"),
        "o2",
        idempotency_key=idempotency_key,
    )
    submit(appending, asked)
    batch = composed(appending)
    appending.stored(batch)
    return decode(batch.entries[0][1]), asked, batch


def test_a_change_with_an_idempotency_key_keeps_what_its_author_saw_so_that_it_can_be_answered_again() -> None:
    appending = an_appending()
    landed(appending, ask(a_webhook("w1"), "o1"))
    assert renamed(appending, None)[0].seen == {}
    envelope, asked, batch = renamed(appending, KEYED)
    assert "name" not in envelope.seen
    key, writes = key_about(ORGANIZATION, envelope.event), writes_of(envelope, asked.position)
    assert fields_after(writes, key=key, before=envelope.seen) == batch.results[0]


def test_who_was_told_that_his_event_may_still_land_keeps_the_batch_being_tried() -> None:
    appending = an_appending()
    asked, refused = ask(a_webhook("w1"), "o1"), ask(a_webhook("w1", target_url="https://w1.example.com"), "o2")
    submit(appending, asked, refused)
    batch = composed(appending)
    assert not batch.is_told_of
    appending.withdraw(refused.proposal)
    assert not batch.is_told_of, "it was not handed to the log, and nobody said so"
    appending.withdraw(asked.proposal)
    assert batch.is_told_of


def test_deciding_ends_when_it_is_enough_for_now_and_the_rest_goes_on_waiting() -> None:
    appending = an_appending()
    same = "https://same.example.com"
    asked = [ask(a_webhook(f"w{number}", target_url=same), f"o{number}") for number in range(5)]
    submit(appending, *asked)
    appending.stored(only(appending, 1))
    assert [len(one.told) for one in asked] == [1, 0, 0, 0, 0]
    while appending.has_work:
        assert appending.compose(NOW, nonce=1, is_enough=lambda: True) is None, "it is refused, and that is all"
    assert [len(one.told) for one in asked] == [1, 1, 1, 1, 1]


def only(appending: GroupCommit, count: int) -> Batch:
    """A batch that is decided on so many proposals."""
    decided = iter(range(1, count + 1))
    batch = appending.compose(NOW, nonce=1, is_enough=lambda: next(decided) == count)
    assert batch is not None
    return batch


def test_of_a_batch_that_is_not_taken_as_one_each_event_is_appended_by_itself() -> None:
    appending = an_appending()
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    submit(appending, *asked)
    appending.not_as_a_batch(composed(appending))
    first, second = composed(appending), None
    assert authors(first) == ["o0"]
    appending.stored(first)
    second = composed(appending)
    assert authors(second) == ["o1"]
    appending.too_large(second, "takes at most 5")
    assert [str(outcome) for outcome in asked[1].told] == ["takes at most 5"]
    assert not asked[1].proposal.is_handed
    appending.stored(composed(appending))
    assert [one.position.sequence for one in (asked[0], asked[2])] == [1, 2]
    submit(appending, *(later := [ask(a_webhook(f"l{number}"), f"l{number}") for number in range(2)]))
    assert authors(composed(appending)) == ["l0", "l1"], "only as many as were refused are one by one"
    assert [one.told for one in later] == [[], []]


def in_doubt(appending: GroupCommit, asked: Asked, other: Asked) -> Batch:
    """The batch of `asked`, set aside for `other`, which waits."""
    submit(appending, asked)
    batch = composed(appending)
    batch.is_open = True
    submit(appending, other)
    appending.set_aside(batch)
    return batch


def test_what_is_set_aside_is_decided_again_once_another_event_has_its_place() -> None:
    appending, asked, other = an_appending(), ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    batch = in_doubt(appending, asked, other)
    rival = composed(appending)
    assert (rival.after, authors(rival)) == (batch.after, ["o2"])
    assert asked.proposal.is_handed, "it may still land"
    appending.stored(rival)
    assert other.position.sequence == 1
    assert not asked.proposal.is_handed
    again = composed(appending)
    assert authors(again) == ["o1"]
    appending.too_large(again, "takes at most 5")
    assert [str(outcome) for outcome in asked.told] == ["takes at most 5"]


def test_what_is_set_aside_and_had_landed_is_stored_and_its_rival_is_not() -> None:
    appending, asked, other = an_appending(), ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    batch = in_doubt(appending, asked, other)
    rival = composed(appending)
    read_back(appending, batch)
    assert asked.told == [], "seen is not synced: the log answers first"
    appending.never(rival, is_place_taken=True)
    assert asked.position.sequence == 1
    appending.stored(composed(appending))
    assert other.position.sequence == 2


def test_what_is_set_aside_is_tried_again_as_it_was_where_nobody_else_waits() -> None:
    appending, asked, other = an_appending(), ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    batch = in_doubt(appending, asked, other)
    appending.withdraw(other.proposal)
    assert appending.has_work
    assert not appending.others_wait
    assert composed(appending) is batch
    appending.stored(batch)
    assert asked.position.sequence == 1
