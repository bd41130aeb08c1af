"""Announcements come by several ways and from several replicators; what is made of them is one."""

import msgspec

from adapters.announcements import Announcement
from cli.lag.hearing import SILENT_AFTER_SECONDS, Hearing
from core.positions import Epoch, Mark, Region, Sequence

IOWA, JAPAN = Region("us-iowa"), Region("asia-japan")


def said(
    sequence: int, *, incarnation: str = "one", is_current: bool = True, halted: dict[Region, str] | None = None
) -> Announcement:
    mark = Mark(epoch=Epoch("first"), sequence=Sequence(sequence), fingerprint="f" * 16)
    return Announcement(
        region=JAPAN, incarnation=incarnation, is_current=is_current, vector={IOWA: mark}, halted=halted or {}
    )


def watermark(hearing: Hearing, *, now_seconds: float = 0.0) -> int:
    applied = hearing.applied(JAPAN, now_seconds=now_seconds)
    assert applied is not None
    return applied.vector[IOWA].sequence


def test_an_announcement_that_was_overtaken_changes_nothing() -> None:
    hearing = Hearing()
    for sequence in (5, 4):
        hearing.take(said(sequence), now_seconds=0.0)
    assert watermark(hearing) == 5


def test_a_new_incarnation_may_have_gone_back_and_the_one_before_is_not_believed_again() -> None:
    hearing = Hearing()
    hearing.take(said(5), now_seconds=0.0)
    hearing.take(said(2, incarnation="two", is_current=False), now_seconds=0.0)
    hearing.take(said(6), now_seconds=0.0)
    assert watermark(hearing) == 2
    applied = hearing.applied(JAPAN, now_seconds=0.0)
    assert applied is not None
    assert not applied.is_current


def test_a_halt_ends_when_it_is_announced_no_more() -> None:
    hearing = Hearing()
    hearing.take(said(5, halted={IOWA: "forked: so it is"}), now_seconds=0.0)
    hearing.take(said(5), now_seconds=0.0)
    applied = hearing.applied(JAPAN, now_seconds=0.0)
    assert applied is not None
    assert not applied.halted


def test_whose_nats_is_gone_is_as_it_was_announced_last() -> None:
    hearing = Hearing()
    for without in ([IOWA], []):
        hearing.take(msgspec.structs.replace(said(5), not_connected=without), now_seconds=0.0)
        applied = hearing.applied(JAPAN, now_seconds=0.0)
        assert applied is not None
        assert applied.not_connected == without


def test_nothing_is_claimed_of_a_region_that_has_fallen_silent() -> None:
    hearing = Hearing()
    assert hearing.applied(JAPAN, now_seconds=0.0) is None
    assert hearing.silence(JAPAN, now_seconds=0.0) == "no replicator of it was heard"
    hearing.take(said(5), now_seconds=100.0)
    assert watermark(hearing, now_seconds=100.0 + SILENT_AFTER_SECONDS) == 5
    assert hearing.applied(JAPAN, now_seconds=103.0) is None
    assert hearing.silence(JAPAN, now_seconds=103.0) == "no replicator of it was heard for 3 s"
