"""Which regions' watermarks of this region's log are believed."""

from core.positions import BEGINNING, Epoch, Mark, Region, Sequence
from service.writes.fork_detection import ForkDetection, Recognition
from service.writes.group_commit import GroupCommit
from service.writes.tail import KEPT_EVENTS, TailMessage

HERE, THERE = Region("us-iowa"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")


def mark(sequence: int, fingerprint: str = "", epoch: Epoch = EPOCH) -> Mark:
    return Mark(epoch, Sequence(sequence), fingerprint or f"{sequence:016x}")


def group_commit_with(events: int) -> GroupCommit:
    group_commit = GroupCommit(HERE, EPOCH, BEGINNING, idempotency_keys_max=1)
    for sequence in range(1, events + 1):
        observe(group_commit, mark(sequence))
    return group_commit


def observe(group_commit: GroupCommit, mark: Mark) -> None:
    group_commit.observed(mark, lambda: TailMessage(mark, []))


def test_a_mark_is_recognized_by_the_event_that_stands_at_its_place() -> None:
    group_commit = group_commit_with(10)
    assert group_commit.recognize(mark(10)) is Recognition.OURS
    assert group_commit.recognize(mark(3)) is Recognition.OURS
    assert group_commit.recognize(mark(3, "another")) is Recognition.FOREIGN
    assert group_commit.recognize(mark(10, "another")) is Recognition.FOREIGN
    assert group_commit.recognize(mark(3, epoch=Epoch("other"))) is Recognition.FOREIGN
    assert group_commit.recognize(mark(11)) is Recognition.AHEAD


def test_a_mark_before_what_is_remembered_is_too_old_to_be_recognized() -> None:
    group_commit = group_commit_with(KEPT_EVENTS + 20)
    group_commit.tail.applied(Sequence(KEPT_EVENTS + 20))
    assert group_commit.recognize(mark(20)) is Recognition.TOO_OLD
    assert group_commit.recognize(mark(21)) is Recognition.OURS


def test_a_region_that_is_ahead_is_not_believed_until_the_event_was_read_here() -> None:
    group_commit = group_commit_with(5)
    forks = ForkDetection(group_commit.recognize)
    assert not forks.is_believed(THERE, mark(6))
    assert forks.ahead == {THERE: mark(6)}
    observe(group_commit, mark(6))
    assert forks.is_believed(THERE, mark(6))
    assert forks.ahead == {}
    assert forks.contradiction == ""


def test_a_region_with_another_event_is_not_believed_and_contradicts_until_it_agrees() -> None:
    group_commit = group_commit_with(10)
    forks = ForkDetection(group_commit.recognize)
    assert not forks.is_believed(THERE, mark(8, "another"))
    assert forks.contradiction == "forked: asia-japan has applied another message 8"
    assert forks.is_believed(THERE, mark(8))
    assert forks.contradiction == ""


def test_a_mark_that_is_too_old_is_believed_only_of_a_region_that_agreed_before() -> None:
    group_commit = group_commit_with(KEPT_EVENTS + 20)
    group_commit.tail.applied(Sequence(KEPT_EVENTS + 20))
    forks = ForkDetection(group_commit.recognize)
    assert not forks.is_believed(THERE, mark(5))
    assert forks.is_believed(THERE, mark(KEPT_EVENTS + 1))
    assert forks.is_believed(THERE, mark(6))
    assert not forks.is_believed(THERE, mark(KEPT_EVENTS + 2, "another"))
    assert not forks.is_believed(THERE, mark(7))


def test_a_log_that_ends_before_a_regions_mark_went_back_and_once_it_grows_past_it_forked() -> None:
    group_commit = group_commit_with(8)
    forks = ForkDetection(group_commit.recognize)
    assert not forks.is_believed(THERE, mark(9, "another"))
    forks.ends_before(THERE, mark(9, "another"), last_sequence=Sequence(8))
    assert forks.contradiction == "went_back: the log ends at 8, and asia-japan has applied message 9"
    observe(group_commit, mark(9))
    assert not forks.is_believed(THERE, mark(9, "another"))
    assert forks.contradiction == "forked: asia-japan has applied another message 9"
    assert forks.is_believed(THERE, mark(9))
    assert forks.contradiction == ""


def test_a_region_that_has_nothing_yet_contradicts_nothing() -> None:
    assert ForkDetection(group_commit_with(3).recognize).is_believed(THERE, BEGINNING)


def test_after_a_restore_a_mark_that_is_too_old_is_believed_only_of_a_region_that_agreed_since() -> None:
    group_commit = group_commit_with(KEPT_EVENTS + 20)
    forks = ForkDetection(group_commit.recognize)
    assert forks.is_believed(THERE, mark(KEPT_EVENTS))
    group_commit.tail.applied(Sequence(KEPT_EVENTS + 20))
    assert forks.is_believed(THERE, mark(1))
    forks.prove_again()
    assert not forks.is_believed(THERE, mark(1))
    assert forks.is_believed(THERE, mark(KEPT_EVENTS + 1))
    assert forks.is_believed(THERE, mark(1))
