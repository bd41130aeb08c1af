"""What is kept of a request with an idempotency key, where, and for how long."""

import pytest

from core.events import Envelope, IdempotencyKey, WebhookDeleted
from core.frames import LoggedEvent
from core.idempotency import (
    KEPT_HOURS,
    Recorded,
    holder_of,
    idempotency_key_of,
    is_kept,
    recall,
    record_of,
    recorded_in,
)
from core.positions import Epoch, Position, Region, Sequence
from core.registers import Record
from core.stamps import Clock, render

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
HOUR = 3_600_000
NOW = 500_000 * HOUR + 1_800_000
RETRY = IdempotencyKey(key="k1", payload="p1")


def kept(
    *,
    at: int,
    now: int = NOW,
    operation: str = "o1",
    sequence: int = 1,
    idempotency_key: IdempotencyKey | None = RETRY,
    author: str = "k1",
) -> Record | None:
    envelope = Envelope(
        operation_id=operation,
        organization_id=ORGANIZATION,
        clock=render(Clock(at << 24)),
        event=WebhookDeleted("w1"),
        idempotency_key=idempotency_key,
        author=author,
    )
    place = Position(Region("us-iowa"), Epoch("e"), Sequence(sequence))
    return record_of(LoggedEvent(place, 0, envelope), now_milliseconds=now)


def test_nothing_is_kept_of_a_request_without_an_idempotency_key() -> None:
    assert kept(at=NOW, idempotency_key=None) is None


def test_a_record_is_found_again_where_it_was_put() -> None:
    record = kept(at=NOW)
    assert record is not None
    asked = recall(holder_of(ORGANIZATION, author="k1"), RETRY, now_milliseconds=NOW)
    assert record.bucket in asked.buckets
    assert record.field == asked.field
    assert recorded_in([record.value]) == Recorded(payload="p1", operation_id="o1")


@pytest.mark.parametrize("hours", range(KEPT_HOURS + 1))
def test_for_24_hours_a_lookup_covers_the_records_bucket_and_the_bucket_does_not_expire(hours: int) -> None:
    record = kept(at=NOW)
    assert record is not None
    later = NOW + hours * HOUR
    assert record.bucket in recall(ORGANIZATION, RETRY, now_milliseconds=later).buckets
    assert record.seconds * 1_000 >= hours * HOUR


@pytest.mark.parametrize("skew", [-12, -5, 5, 12])
def test_a_process_whose_clock_differs_by_half_a_day_finds_the_record(skew: int) -> None:
    record = kept(at=NOW)
    assert record is not None
    for hours in (0, 12, 24):
        assert record.bucket in recall(ORGANIZATION, RETRY, now_milliseconds=NOW + (hours + skew) * HOUR).buckets


def test_a_record_is_kept_for_24_hours_and_not_for_25() -> None:
    clock = Clock(NOW << 24)
    assert is_kept(clock, now_milliseconds=NOW + 24 * HOUR)
    assert not is_kept(clock, now_milliseconds=NOW + 25 * HOUR)
    assert recorded_in([]) is None


def test_a_rebuild_skips_expired_records_and_keeps_the_others_for_their_remaining_time() -> None:
    assert kept(at=NOW - 26 * HOUR) is None
    old, new = kept(at=NOW - 20 * HOUR), kept(at=NOW)
    assert old is not None
    assert new is not None
    assert old.seconds == new.seconds - 20 * 3_600
    assert old.bucket != new.bucket


def test_a_stamp_from_a_clock_that_is_ahead_counts_as_of_now() -> None:
    ahead, now = kept(at=NOW + 1_000 * HOUR), kept(at=NOW)
    assert ahead is not None
    assert now is not None
    assert (ahead.bucket, ahead.seconds) == (now.bucket, now.seconds)


def test_if_two_regions_took_one_idempotency_key_a_repeat_finds_the_earlier_event() -> None:
    first, second = kept(at=NOW - HOUR, operation="o1"), kept(at=NOW, operation="o2")
    assert first is not None
    assert second is not None
    for records in ([first.value, second.value], [second.value, first.value]):
        assert recorded_in(records) == Recorded(payload="p1", operation_id="o1")


def test_each_organization_has_buckets_of_its_own() -> None:
    ours, theirs = (recall(name, RETRY, now_milliseconds=NOW) for name in (ORGANIZATION, "another"))
    assert not set(ours.buckets) & set(theirs.buckets)


def test_the_administrator_has_buckets_apart_from_each_organizations_own() -> None:
    holders = [holder_of(name, author=author) for name in (ORGANIZATION, "another") for author in ("admin", "k1")]
    assert holder_of(ORGANIZATION, author="admin:night-shift") == holders[0], "the administrators count together"
    assert len({recall(holder, RETRY, now_milliseconds=NOW).buckets for holder in holders}) == 4
    record = kept(at=NOW, author="admin")
    assert record is not None
    assert record.bucket in recall(holders[0], RETRY, now_milliseconds=NOW).buckets


def test_an_idempotency_key_is_known_in_its_organization_method_and_path_only() -> None:
    scope = {"organization_id": ORGANIZATION, "method": "POST", "path": "/a", "key": "k"}
    usual = idempotency_key_of(**scope, payload=b"x")
    assert usual == idempotency_key_of(**scope, payload=b"x")
    for name in scope:
        assert idempotency_key_of(**scope | {name: "other"}, payload=b"x").key != usual.key
    assert idempotency_key_of(**scope, payload=b"y").payload != usual.payload
