"""Whose watermarks of this region's log are believed."""

from core.positions import BEGINNING, Epoch, Mark, Region, Sequence
from service.writes.fork_detection import ForkDetection, Recognition
from service.writes.group_commit import GroupCommit
from service.writes.tail import KEPT_EVENTS, TailEvent

HERE, THERE = Region("us-iowa"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")


def mark(sequence: int, fingerprint: str = "", epoch: Epoch = EPOCH) -> Mark:
    return Mark(epoch, Sequence(sequence), fingerprint or f"{sequence:016x}")


def appending_with(events: int) -> GroupCommit:
    appending = GroupCommit(HERE, EPOCH, BEGINNING, batch_size=lambda waiting: waiting, idempotency_keys_max=1)
    for sequence in range(1, events + 1):
        appending.observed(TailEvent(mark(sequence), 0, []))  # type: ignore[arg-type]
    return appending


def test_a_mark_is_recognized_by_the_event_that_stands_at_its_place() -> None:
    appending = appending_with(10)
    assert appending.recognize(mark(10)) is Recognition.OURS
    assert appending.recognize(mark(3)) is Recognition.OURS
    assert appending.recognize(mark(3, "another")) is Recognition.FOREIGN
    assert appending.recognize(mark(10, "another")) is Recognition.FOREIGN
    assert appending.recognize(mark(3, epoch=Epoch("other"))) is Recognition.FOREIGN
    assert appending.recognize(mark(11)) is Recognition.AHEAD


def test_a_mark_before_what_is_remembered_is_too_old_to_be_recognized() -> None:
    appending = appending_with(KEPT_EVENTS + 20)
    appending.tail.applied(Sequence(KEPT_EVENTS + 20))
    assert appending.recognize(mark(20)) is Recognition.TOO_OLD
    assert appending.recognize(mark(21)) is Recognition.OURS


def test_a_region_that_is_ahead_is_not_believed_until_the_event_was_read_here() -> None:
    appending = appending_with(5)
    forks = ForkDetection(appending.recognize)
    assert not forks.is_believed(THERE, mark(6))
    assert forks.ahead == {THERE: mark(6)}
    appending.observed(TailEvent(mark(6), 0, []))  # type: ignore[arg-type]
    assert forks.is_believed(THERE, mark(6))
    assert forks.ahead == {}
    assert forks.contradiction == ""


def test_a_region_with_another_event_is_not_believed_and_contradicts_until_it_agrees() -> None:
    appending = appending_with(10)
    forks = ForkDetection(appending.recognize)
    assert not forks.is_believed(THERE, mark(8, "another"))
    assert forks.contradiction == "forked: asia-japan has applied another event 8"
    assert forks.is_believed(THERE, mark(8))
    assert forks.contradiction == ""


def test_what_is_too_old_is_believed_only_of_a_region_that_agreed_before() -> None:
    appending = appending_with(KEPT_EVENTS + 20)
    appending.tail.applied(Sequence(KEPT_EVENTS + 20))
    forks = ForkDetection(appending.recognize)
    assert not forks.is_believed(THERE, mark(5))
    assert forks.is_believed(THERE, mark(KEPT_EVENTS + 1))
    assert forks.is_believed(THERE, mark(6))
    assert not forks.is_believed(THERE, mark(KEPT_EVENTS + 2, "another"))
    assert not forks.is_believed(THERE, mark(7))


def test_a_log_that_ends_before_what_a_region_has_went_back_and_once_it_was_appended_to_it_forked() -> None:
    appending = appending_with(8)
    forks = ForkDetection(appending.recognize)
    assert not forks.is_believed(THERE, mark(9, "another"))
    forks.ends_before(THERE, mark(9, "another"), last_sequence=Sequence(8))
    assert forks.contradiction == "went_back: the log ends at 8, and asia-japan has applied event 9"
    appending.observed(TailEvent(mark(9), 0, []))  # type: ignore[arg-type]
    assert not forks.is_believed(THERE, mark(9, "another"))
    assert forks.contradiction == "forked: asia-japan has applied another event 9"
    assert forks.is_believed(THERE, mark(9))
    assert forks.contradiction == ""


def test_a_region_that_has_nothing_yet_contradicts_nothing() -> None:
    assert ForkDetection(appending_with(3).recognize).is_believed(THERE, BEGINNING)


def test_after_a_restore_what_is_too_old_is_believed_only_of_a_region_that_agreed_since() -> None:
    appending = appending_with(KEPT_EVENTS + 20)
    forks = ForkDetection(appending.recognize)
    assert forks.is_believed(THERE, mark(KEPT_EVENTS))
    appending.tail.applied(Sequence(KEPT_EVENTS + 20))
    assert forks.is_believed(THERE, mark(1))
    forks.prove_again()
    assert not forks.is_believed(THERE, mark(1))
    assert forks.is_believed(THERE, mark(KEPT_EVENTS + 1))
    assert forks.is_believed(THERE, mark(1))
