"""Who is let go when, whatever is heard in whatever order."""

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
    """How often somebody was told that what they wait for is reached."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def hear(waiting: Waiters, region: Region, sequence: int, *, incarnation: str = "a", is_current: bool = True) -> None:
    waiting.heard(region, incarnation, {HERE: mark(sequence)}, is_current=is_current)


def waiter(waiting: Waiters, position: Position, regions: set[Region], reached: Calls) -> Waiter:
    found = waiting.wait(position, regions, reached)
    assert found is not None
    return found


def test_who_waits_for_what_is_reached_already_does_not_wait() -> None:
    waiting, reached = Waiters(), Calls()
    hear(waiting, US, 5)
    assert waiting.wait(at(5), {US}, reached) is None
    assert waiting.wait(at(1), {US}, reached) is None
    assert reached.count == 0
    assert len(waiting) == 0


def test_who_waits_for_no_region_does_not_wait() -> None:
    assert Waiters().wait(at(5), set(), Calls()) is None


def test_everybody_is_let_go_once_when_the_last_region_has_it() -> None:
    waiting, reached = Waiters(), Calls()
    waiter(waiting, at(5), {US, EU, JP}, reached)
    for region in (US, EU):
        hear(waiting, region, 7)
    assert reached.count == 0
    hear(waiting, JP, 4)
    assert reached.count == 0
    hear(waiting, JP, 5)
    hear(waiting, JP, 6)
    assert reached.count == 1
    assert len(waiting) == 0


def test_one_that_waits_for_less_is_let_go_before_one_that_came_earlier() -> None:
    waiting, early, late = Waiters(), Calls(), Calls()
    waiter(waiting, at(9), {US}, early)
    waiter(waiting, at(3), {US}, late)
    hear(waiting, US, 4)
    assert (early.count, late.count) == (0, 1)


def test_a_region_that_is_not_current_is_not_counted_until_it_is() -> None:
    waiting, reached = Waiters(), Calls()
    hear(waiting, EU, 9, is_current=False)
    assert not waiting.has_applied(EU, at(5))
    waiter(waiting, at(5), {EU}, reached)
    hear(waiting, EU, 9, is_current=False)
    assert reached.count == 0
    hear(waiting, EU, 9)
    assert reached.count == 1


def test_an_older_message_of_an_incarnation_takes_back_neither_its_marks_nor_that_it_is_current() -> None:
    waiting = Waiters()
    hear(waiting, EU, 9)
    hear(waiting, EU, 3, is_current=False)
    assert waiting.watermark(EU, HERE) == mark(9)
    assert waiting.has_applied(EU, at(9))


def test_a_new_incarnation_starts_anew() -> None:
    waiting = Waiters()
    hear(waiting, EU, 9)
    waiting.heard(EU, "b", {}, is_current=False)
    assert waiting.watermark(EU, HERE) == BEGINNING
    assert not waiting.has_applied(EU, at(1))
    hear(waiting, EU, 4, incarnation="b", is_current=False)
    assert waiting.watermark(EU, HERE) == mark(4)
    hear(waiting, EU, 9, incarnation="b")
    assert waiting.has_applied(EU, at(9))
    assert not waiting.has_applied(EU, at(10))


def test_a_region_that_is_below_what_it_ever_had_is_not_counted_until_it_has_that_again() -> None:
    """Of any origin: a set-back region can be current by all that it knows itself."""
    waiting, reached = Waiters(), Calls()
    waiting.heard(EU, "a", {HERE: mark(9), JP: mark(3)}, is_current=True)
    waiting.heard(EU, "b", {HERE: mark(9), JP: mark(2)}, is_current=True)
    waiter(waiting, at(9), {EU}, reached)
    assert not waiting.has_applied(EU, at(1))
    assert waiting.lacking(EU) == {JP: mark(3)}
    waiting.heard(EU, "b", {HERE: mark(12)}, is_current=True)
    assert reached.count == 0
    waiting.heard(EU, "b", {JP: mark(3, Epoch("other"))}, is_current=True)
    assert reached.count == 0, "that is another log"
    waiting.heard(EU, "c", {HERE: mark(12), JP: mark(3)}, is_current=True)
    assert reached.count == 1
    assert waiting.lacking(EU) == {}


def test_a_region_whose_projection_belongs_to_a_later_history_is_counted_by_that() -> None:
    waiting = Waiters()
    waiting.heard(EU, "1:ab:0:x", {HERE: mark(9)}, is_current=True)
    waiting.heard(EU, "1:ab:7:y", {HERE: mark(4)}, is_current=True)
    assert waiting.has_applied(EU, at(4))


def test_a_late_message_of_a_superseded_incarnation_is_not_believed() -> None:
    waiting, reached = Waiters(), Calls()
    hear(waiting, EU, 9)
    hear(waiting, EU, 2, incarnation="b")
    waiter(waiting, at(5), {EU}, reached)
    hear(waiting, EU, 9)
    assert reached.count == 0
    assert waiting.watermark(EU, HERE) == mark(2)
    hear(waiting, EU, 9, incarnation="b")
    assert reached.count == 1


def test_incarnations_long_superseded_are_still_not_believed() -> None:
    waiting = Waiters()
    for number in range(waiting_module.INCARNATIONS_REMEMBERED):
        hear(waiting, EU, 100 + number, incarnation=f"i{number}")
    hear(waiting, EU, 1, incarnation="now")
    for number in range(waiting_module.INCARNATIONS_REMEMBERED):
        hear(waiting, EU, 100 + number, incarnation=f"i{number}")
    assert waiting.watermark(EU, HERE) == mark(1)


def test_a_mark_of_another_epoch_reaches_nothing_of_ours() -> None:
    waiting, reached = Waiters(), Calls()
    waiter(waiting, at(5), {EU}, reached)
    waiting.heard(EU, "a", {HERE: mark(9, Epoch("other"))}, is_current=True)
    assert reached.count == 0


def test_marks_of_other_origins_reach_nothing_of_ours() -> None:
    waiting, reached = Waiters(), Calls()
    waiter(waiting, at(5), {EU}, reached)
    waiting.heard(EU, "a", {EU: mark(9), JP: mark(9)}, is_current=True)
    assert reached.count == 0


def test_who_has_given_up_is_not_told() -> None:
    waiting, reached = Waiters(), Calls()
    given_up = waiter(waiting, at(5), {US, EU}, reached)
    hear(waiting, US, 9)
    waiting.give_up(given_up)
    assert len(waiting) == 0
    hear(waiting, EU, 9)
    assert reached.count == 0


def test_one_that_gave_up_does_not_hold_up_those_behind() -> None:
    waiting, ahead, behind = Waiters(), Calls(), Calls()
    given_up = waiter(waiting, at(5), {EU}, ahead)
    waiter(waiting, at(6), {EU}, behind)
    waiting.give_up(given_up)
    hear(waiting, EU, 6)
    assert (ahead.count, behind.count) == (0, 1)


@pytest.mark.parametrize("staying", [0, 1, 20])
def test_what_those_who_gave_up_held_is_freed_though_the_region_stays_away(staying: int) -> None:
    waiting = Waiters()
    for sequence in range(1, staying + 1):
        waiter(waiting, at(sequence), {EU, JP}, Calls())
    held = []
    for sequence in range(staying + 1, staying + 2_001):
        calls = Calls()
        held.append(weakref.ref(calls))
        waiting.give_up(waiter(waiting, at(sequence), {EU, JP}, calls))
        del calls
    gc.collect()
    assert sum(one() is not None for one in held) <= COMPACT_ABOVE + staying
    assert len(waiting) == staying


def test_those_who_stay_are_let_go_after_others_were_freed() -> None:
    waiting = Waiters()
    everybody = [(number, Calls()) for number in range(1, 1_001)]
    waiters = [(number, waiter(waiting, at(number), {EU}, calls)) for number, calls in everybody]
    for number, one in waiters:
        if number % 10:
            waiting.give_up(one)
    assert len(waiting) == 100
    hear(waiting, EU, 500)
    assert [number for number, calls in everybody if calls.count] == list(range(10, 501, 10))
    hear(waiting, EU, 1_000)
    assert [number for number, calls in everybody if calls.count] == list(range(10, 1_001, 10))
    assert all(calls.count <= 1 for _, calls in everybody)


@dataclass
class Life:
    """One incarnation of a region's Redis, as every message of it says."""

    name: str
    messages: list[tuple[int, bool]] = field(default_factory=lambda: [(0, False)])


@dataclass
class Asker:
    """Somebody who waits, in the model: what is pending is looked at after every message."""

    position: Position
    pending: set[Region]
    calls: Calls
    waiter: Waiter | None
    has_given_up: bool = False


class Regions(RuleBasedStateMachine):
    """Regions that advance, go back and become current; messages lost, repeated and late; people who come and go.

    The model is told of an incarnation before any later one, as a connection does; then the order is any.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(waiting_module, "COMPACT_ABOVE", 3)
        self.waiting = Waiters()
        self.lives = {region: [Life("0")] for region in REGIONS}
        self.heard = dict.fromkeys(REGIONS, -1)
        self.marks = dict.fromkeys(REGIONS, 0)
        self.current = dict.fromkeys(REGIONS, False)
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
            self.heard[region], self.marks[region], self.current[region] = number, 0, False
        if number == self.heard[region]:
            self.marks[region] = max(self.marks[region], sequence)
            self.current[region] |= is_current
        vector = {HERE: mark(sequence)} if sequence else {}
        self.waiting.heard(region, str(number), vector, is_current=is_current)
        for asker in self.askers:
            asker.pending -= self.reached_by(asker.position)

    @rule(sequence=st.integers(1, 12), regions=st.sets(st.sampled_from(REGIONS), min_size=1))
    def ask(self, sequence: int, regions: set[Region]) -> None:
        calls = Calls()
        asker = Asker(at(sequence), regions - self.reached_by(at(sequence)), calls, None)
        asker.waiter = self.waiting.wait(at(sequence), regions, calls)
        assert (asker.waiter is None) == (not asker.pending)
        if asker.waiter is not None:
            self.askers.append(asker)

    @precondition(lambda self: any(asker.pending and not asker.has_given_up for asker in self.askers))
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        staying = [asker for asker in self.askers if asker.pending and not asker.has_given_up]
        asker = data.draw(st.sampled_from(staying))
        assert asker.waiter is not None
        self.waiting.give_up(asker.waiter)
        asker.has_given_up = True

    def reached_by(self, position: Position) -> set[Region]:
        return {region for region in REGIONS if self.current[region] and self.marks[region] >= position.sequence}

    @invariant()
    def exactly_those_are_let_go_whose_regions_have_all_been_there(self) -> None:
        for asker in self.askers:
            is_expected = not asker.pending and not asker.has_given_up
            assert asker.calls.count == is_expected, asker
            if not asker.has_given_up and asker.waiter is not None:
                assert asker.waiter.pending == asker.pending

    @invariant()
    def as_many_wait_as_have_not_been_let_go(self) -> None:
        assert len(self.waiting) == sum(bool(asker.pending) and not asker.has_given_up for asker in self.askers)

    @invariant()
    def as_many_wait_for_each_region_as_have_not_heard_of_it(self) -> None:
        staying = [asker for asker in self.askers if not asker.has_given_up]
        for region in REGIONS:
            assert self.waiting.waiting_for[region] == sum(region in asker.pending for asker in staying)

    @invariant()
    def watermarks_are_those_of_the_latest_incarnation(self) -> None:
        for region in REGIONS:
            assert self.waiting.watermark(region, HERE).sequence == self.marks[region]

    def teardown(self) -> None:
        self.patch.undo()


def test_the_right_ones_are_let_go_whatever_is_heard_in_whatever_order() -> None:
    run_state_machine_as_test(Regions, settings=settings(stateful_step_count=60))


def test_who_waits_for_another_origins_log_is_let_go_by_that_origins_mark_alone() -> None:
    waiting, reached, other = Waiters(), Calls(), Calls()
    waiter(waiting, Position(JP, EPOCH, Sequence(3)), {US}, reached)
    waiter(waiting, at(1), {US}, other)
    waiting.heard(US, "a", {HERE: mark(9)}, is_current=True)
    assert (reached.count, other.count) == (0, 1)
    waiting.heard(US, "a", {HERE: mark(9), JP: mark(3)}, is_current=True)
    assert reached.count == 1
    assert len(waiting) == 0


def test_who_waits_for_another_epoch_of_a_log_holds_up_nobody() -> None:
    waiting, never, reached = Waiters(), Calls(), Calls()
    given_up = waiter(waiting, Position(HERE, Epoch("another"), Sequence(1)), {US}, never)
    waiter(waiting, at(5), {US}, reached)
    hear(waiting, US, 5)
    assert (never.count, reached.count) == (0, 1)
    waiting.give_up(given_up)
    assert len(waiting) == 0
