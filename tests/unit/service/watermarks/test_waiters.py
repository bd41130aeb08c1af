"""When each waiter is notified, for any announcements in any order."""

import gc
import weakref
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from service.watermarks import waiters as waiting_module
from service.watermarks.waiters import COMPACT_ABOVE, Waiter, Waiters

US, EU, JP = REGIONS = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")
HERE = US
EPOCH = Epoch("k3v9x2")


def mark(sequence: int, epoch: Epoch = EPOCH) -> Mark:
    return Mark(epoch, Sequence(sequence), f"{sequence:016x}")


def at(sequence: int) -> Position:
    return Position(HERE, EPOCH, Sequence(sequence))


class Calls:
    """Counts how often a waiter was notified."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def hear(waiters: Waiters, region: Region, sequence: int, *, incarnation: str = "a", is_current: bool = True) -> None:
    waiters.heard(region, incarnation, {HERE: mark(sequence)}, is_current=is_current)


def waiter(waiters: Waiters, position: Position, regions: set[Region], reached: Calls) -> Waiter:
    found = waiters.wait(position, regions, reached)
    assert found is not None
    return found


def test_a_wait_for_a_reached_position_is_over_at_once() -> None:
    waiters, reached = Waiters(), Calls()
    hear(waiters, US, 5)
    assert waiters.wait(at(5), {US}, reached) is None
    assert waiters.wait(at(1), {US}, reached) is None
    assert reached.count == 0
    assert len(waiters) == 0


def test_a_wait_for_no_region_is_over_at_once() -> None:
    assert Waiters().wait(at(5), set(), Calls()) is None


def test_a_waiter_is_notified_once_when_the_last_region_has_the_position() -> None:
    waiters, reached = Waiters(), Calls()
    waiter(waiters, at(5), {US, EU, JP}, reached)
    for region in (US, EU):
        hear(waiters, region, 7)
    assert reached.count == 0
    hear(waiters, JP, 4)
    assert reached.count == 0
    hear(waiters, JP, 5)
    hear(waiters, JP, 6)
    assert reached.count == 1
    assert len(waiters) == 0


def test_a_waiter_for_a_lower_position_is_notified_before_an_earlier_waiter() -> None:
    waiters, early, late = Waiters(), Calls(), Calls()
    waiter(waiters, at(9), {US}, early)
    waiter(waiters, at(3), {US}, late)
    hear(waiters, US, 4)
    assert (early.count, late.count) == (0, 1)


def test_a_region_counts_only_once_it_is_current() -> None:
    waiters, reached = Waiters(), Calls()
    hear(waiters, EU, 9, is_current=False)
    assert not waiters.has_applied(EU, at(5))
    waiter(waiters, at(5), {EU}, reached)
    hear(waiters, EU, 9, is_current=False)
    assert reached.count == 0
    hear(waiters, EU, 9)
    assert reached.count == 1


def test_an_older_message_of_an_incarnation_takes_back_neither_its_marks_nor_that_it_is_current() -> None:
    waiters = Waiters()
    hear(waiters, EU, 9)
    hear(waiters, EU, 3, is_current=False)
    assert waiters.watermark(EU, HERE) == mark(9)
    assert waiters.has_applied(EU, at(9))


def test_a_new_incarnation_starts_from_nothing() -> None:
    waiters = Waiters()
    hear(waiters, EU, 9)
    waiters.heard(EU, "b", {}, is_current=False)
    assert waiters.watermark(EU, HERE) == BEGINNING
    assert not waiters.has_applied(EU, at(1))
    hear(waiters, EU, 4, incarnation="b", is_current=False)
    assert waiters.watermark(EU, HERE) == mark(4)
    hear(waiters, EU, 9, incarnation="b")
    assert waiters.has_applied(EU, at(9))
    assert not waiters.has_applied(EU, at(10))


def test_a_region_below_its_highest_marks_counts_only_once_it_has_them_again() -> None:
    """This holds for every origin. A region that was set back can believe that it is current."""
    waiters, reached = Waiters(), Calls()
    waiters.heard(EU, "a", {HERE: mark(9), JP: mark(3)}, is_current=True)
    waiters.heard(EU, "b", {HERE: mark(9), JP: mark(2)}, is_current=True)
    waiter(waiters, at(9), {EU}, reached)
    assert not waiters.has_applied(EU, at(1))
    assert waiters.lacking(EU) == {JP: mark(3)}
    waiters.heard(EU, "b", {HERE: mark(12)}, is_current=True)
    assert reached.count == 0
    waiters.heard(EU, "b", {JP: mark(3, Epoch("other"))}, is_current=True)
    assert reached.count == 0, "a higher mark of another log does not count"
    waiters.heard(EU, "c", {HERE: mark(12), JP: mark(3)}, is_current=True)
    assert reached.count == 1
    assert waiters.lacking(EU) == {}


def test_a_projection_of_a_later_history_counts_by_its_own_marks() -> None:
    waiters = Waiters()
    waiters.heard(EU, "1:ab:0:x", {HERE: mark(9)}, is_current=True)
    waiters.heard(EU, "1:ab:7:y", {HERE: mark(4)}, is_current=True)
    assert waiters.has_applied(EU, at(4))


def test_a_late_message_of_a_superseded_incarnation_is_not_believed() -> None:
    waiters, reached = Waiters(), Calls()
    hear(waiters, EU, 9)
    hear(waiters, EU, 2, incarnation="b")
    waiter(waiters, at(5), {EU}, reached)
    hear(waiters, EU, 9)
    assert reached.count == 0
    assert waiters.watermark(EU, HERE) == mark(2)
    hear(waiters, EU, 9, incarnation="b")
    assert reached.count == 1


def test_incarnations_superseded_long_ago_are_still_not_believed() -> None:
    waiters = Waiters()
    for number in range(waiting_module.INCARNATIONS_REMEMBERED):
        hear(waiters, EU, 100 + number, incarnation=f"i{number}")
    hear(waiters, EU, 1, incarnation="now")
    for number in range(waiting_module.INCARNATIONS_REMEMBERED):
        hear(waiters, EU, 100 + number, incarnation=f"i{number}")
    assert waiters.watermark(EU, HERE) == mark(1)


def test_a_mark_of_another_epoch_reaches_nothing_of_ours() -> None:
    waiters, reached = Waiters(), Calls()
    waiter(waiters, at(5), {EU}, reached)
    waiters.heard(EU, "a", {HERE: mark(9, Epoch("other"))}, is_current=True)
    assert reached.count == 0


def test_marks_of_other_origins_reach_nothing_of_ours() -> None:
    waiters, reached = Waiters(), Calls()
    waiter(waiters, at(5), {EU}, reached)
    waiters.heard(EU, "a", {EU: mark(9), JP: mark(9)}, is_current=True)
    assert reached.count == 0


def test_a_waiter_that_gave_up_is_not_notified() -> None:
    waiters, reached = Waiters(), Calls()
    given_up = waiter(waiters, at(5), {US, EU}, reached)
    hear(waiters, US, 9)
    waiters.give_up(given_up)
    assert len(waiters) == 0
    hear(waiters, EU, 9)
    assert reached.count == 0


def test_a_waiter_that_gave_up_does_not_delay_those_behind_it() -> None:
    waiters, ahead, behind = Waiters(), Calls(), Calls()
    given_up = waiter(waiters, at(5), {EU}, ahead)
    waiter(waiters, at(6), {EU}, behind)
    waiters.give_up(given_up)
    hear(waiters, EU, 6)
    assert (ahead.count, behind.count) == (0, 1)


@pytest.mark.parametrize("staying", [0, 1, 20])
def test_the_memory_of_waiters_that_gave_up_is_freed_even_if_the_region_stays_away(staying: int) -> None:
    waiters = Waiters()
    for sequence in range(1, staying + 1):
        waiter(waiters, at(sequence), {EU, JP}, Calls())
    held = []
    for sequence in range(staying + 1, staying + 2_001):
        calls = Calls()
        held.append(weakref.ref(calls))
        waiters.give_up(waiter(waiters, at(sequence), {EU, JP}, calls))
        del calls
    gc.collect()
    assert sum(one() is not None for one in held) <= COMPACT_ABOVE + staying
    assert len(waiters) == staying


def test_waiters_that_stay_are_notified_after_others_were_freed() -> None:
    waiters = Waiters()
    every = [(number, Calls()) for number in range(1, 1_001)]
    numbered = [(number, waiter(waiters, at(number), {EU}, calls)) for number, calls in every]
    for number, one in numbered:
        if number % 10:
            waiters.give_up(one)
    assert len(waiters) == 100
    hear(waiters, EU, 500)
    assert [number for number, calls in every if calls.count] == list(range(10, 501, 10))
    hear(waiters, EU, 1_000)
    assert [number for number, calls in every if calls.count] == list(range(10, 1_001, 10))
    assert all(calls.count <= 1 for _, calls in every)


@dataclass
class Life:
    """One incarnation of a region's Redis, as each of its messages announces it."""

    name: str
    messages: list[tuple[int, bool]] = field(default_factory=lambda: [(0, False)])


@dataclass
class Asker:
    """A waiter in the model: its pending regions are computed again after every message."""

    position: Position
    pending: set[Region]
    calls: Calls
    waiter: Waiter | None
    has_given_up: bool = False


class Regions(RuleBasedStateMachine):
    """Regions that advance, go back and become current; messages lost, repeated and late; waiters that come and go.

    The model hears of an incarnation before any later one, as on a connection. Then messages come in any order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(waiting_module, "COMPACT_ABOVE", 3)
        self.waiters = Waiters()
        self.lives = {region: [Life("0")] for region in REGIONS}
        self.heard = dict.fromkeys(REGIONS, -1)
        self.marks = dict.fromkeys(REGIONS, 0)
        self.had = dict.fromkeys(REGIONS, 0)
        """The highest mark of each region in any incarnation that was current."""
        self.is_current = dict.fromkeys(REGIONS, False)
        self.counts = dict.fromkeys(REGIONS, False)
        """Whether it is current and has, in this incarnation, all that it ever had."""
        self.askers: list[Asker] = []

    @rule(region=st.sampled_from(REGIONS), by=st.integers(0, 4), is_current=st.booleans())
    def advance(self, region: Region, by: int, *, is_current: bool) -> None:
        messages = self.lives[region][-1].messages
        sequence, was_current = messages[-1]
        messages.append((sequence + by, was_current or is_current))

    @rule(region=st.sampled_from(REGIONS), back=st.integers(0, 6))
    def set_back(self, region: Region, back: int) -> None:
        if self.heard[region] == len(self.lives[region]) - 1:
            sequence, _ = self.lives[region][-1].messages[-1]
            self.lives[region].append(Life(str(len(self.lives[region])), [(max(0, sequence - back), False)]))

    @rule(region=st.sampled_from(REGIONS), life=st.integers(0, 3), message=st.integers(0, 5))
    def hear(self, region: Region, life: int, message: int) -> None:
        newest = len(self.lives[region]) - 1
        number = max(0, newest - life) if self.heard[region] == newest else newest
        messages = self.lives[region][number].messages
        sequence, is_current = messages[max(0, len(messages) - 1 - message)]
        if number > self.heard[region]:
            self.heard[region], self.marks[region] = number, 0
            self.is_current[region], self.counts[region] = False, False
        if number == self.heard[region]:
            self.marks[region] = max(self.marks[region], sequence)
            self.is_current[region] |= is_current
            if self.is_current[region]:
                self.counts[region] |= self.marks[region] >= self.had[region]
                self.had[region] = max(self.had[region], self.marks[region])
        vector = {HERE: mark(sequence)} if sequence else {}
        self.waiters.heard(region, str(number), vector, is_current=is_current)
        for asker in self.askers:
            asker.pending -= self.reached_by(asker.position)

    @rule(sequence=st.integers(1, 12), regions=st.sets(st.sampled_from(REGIONS), min_size=1))
    def ask(self, sequence: int, regions: set[Region]) -> None:
        calls = Calls()
        asker = Asker(at(sequence), regions - self.reached_by(at(sequence)), calls, None)
        asker.waiter = self.waiters.wait(at(sequence), regions, calls)
        assert (asker.waiter is None) == (not asker.pending)
        if asker.waiter is not None:
            self.askers.append(asker)

    @precondition(lambda self: any(asker.pending and not asker.has_given_up for asker in self.askers))
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        staying = [asker for asker in self.askers if asker.pending and not asker.has_given_up]
        asker = data.draw(st.sampled_from(staying))
        assert asker.waiter is not None
        self.waiters.give_up(asker.waiter)
        asker.has_given_up = True

    def reached_by(self, position: Position) -> set[Region]:
        return {region for region in REGIONS if self.counts[region] and self.marks[region] >= position.sequence}

    @invariant()
    def exactly_the_waiters_whose_regions_all_reached_it_are_notified(self) -> None:
        for asker in self.askers:
            is_expected = not asker.pending and not asker.has_given_up
            assert asker.calls.count == is_expected, asker
            if not asker.has_given_up and asker.waiter is not None:
                assert set(asker.waiter.pending) == asker.pending

    @invariant()
    def as_many_wait_as_were_not_notified(self) -> None:
        assert len(self.waiters) == sum(bool(asker.pending) and not asker.has_given_up for asker in self.askers)

    @invariant()
    def as_many_wait_for_each_region_as_have_it_pending(self) -> None:
        staying = [asker for asker in self.askers if not asker.has_given_up]
        for region in REGIONS:
            assert self.waiters.waiting_for[region] == sum(region in asker.pending for asker in staying)

    @invariant()
    def watermarks_are_those_of_the_latest_incarnation(self) -> None:
        for region in REGIONS:
            assert self.waiters.watermark(region, HERE).sequence == self.marks[region]

    def teardown(self) -> None:
        self.patch.undo()


def test_the_right_waiters_are_notified_for_any_announcements_in_any_order() -> None:
    run_state_machine_as_test(Regions, settings=settings(stateful_step_count=60))


def test_a_waiter_for_another_origins_log_is_notified_by_that_origins_mark_alone() -> None:
    waiters, reached, other = Waiters(), Calls(), Calls()
    waiter(waiters, Position(JP, EPOCH, Sequence(3)), {US}, reached)
    waiter(waiters, at(1), {US}, other)
    waiters.heard(US, "a", {HERE: mark(9)}, is_current=True)
    assert (reached.count, other.count) == (0, 1)
    waiters.heard(US, "a", {HERE: mark(9), JP: mark(3)}, is_current=True)
    assert reached.count == 1
    assert len(waiters) == 0


def test_a_waiter_for_another_epoch_of_a_log_delays_no_other() -> None:
    waiters, never, reached = Waiters(), Calls(), Calls()
    given_up = waiter(waiters, Position(HERE, Epoch("another"), Sequence(1)), {US}, never)
    waiter(waiters, at(5), {US}, reached)
    hear(waiters, US, 5)
    assert (never.count, reached.count) == (0, 1)
    waiters.give_up(given_up)
    assert len(waiters) == 0
