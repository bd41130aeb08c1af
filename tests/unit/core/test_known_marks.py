from core.known_marks import NOTHING_KNOWN, Known, KnownMarks, history_of
from core.positions import BEGINNING, Epoch, Mark, Region, Sequence

US, EU = Region("us-iowa"), Region("europe-belgium")


def mark(sequence: int, epoch: str = "k3v9x2") -> Mark:
    return Mark(Epoch(epoch), Sequence(sequence), f"{sequence:016x}")


def shown(*vectors: dict[Region, Mark], incarnation: str = "1:ab:0:x", is_current: bool = True) -> KnownMarks:
    known = KnownMarks()
    for vector in vectors:
        known.shown(US, incarnation, vector, is_current=is_current)
    return known


def test_the_highest_mark_of_each_origin_is_known_whatever_came_last() -> None:
    known = shown({US: mark(5), EU: mark(2)}, {US: mark(3), EU: mark(4)}, {})
    assert known.of(US).marks == {US: mark(5), EU: mark(4)}
    assert known.of(EU) == NOTHING_KNOWN


def test_marks_applied_while_a_region_was_not_current_are_not_recorded() -> None:
    assert shown({US: mark(5)}, is_current=False).of(US).marks == {}


def test_a_mark_of_another_epoch_neither_replaces_a_known_one_nor_reaches_it() -> None:
    known = shown({US: mark(5)}, {US: mark(9, "anew")}).of(US)
    assert known.marks == {US: mark(5)}
    assert known.lacking("1:ab:0:x", {US: mark(9, "anew")}) == {US: mark(5)}


def test_a_region_that_has_applied_nothing_has_no_known_marks() -> None:
    known = shown({US: BEGINNING})
    assert known.of(US).marks == {}
    known.shown(US, "1:ab:0:x", {US: mark(1)}, is_current=True)
    assert known.of(US).marks == {US: mark(1)}


def test_a_vector_lacks_a_known_mark_only_below_it() -> None:
    known = shown({US: mark(5), EU: mark(2)}).of(US)
    assert known.lacking("1:cd:0:y", {US: mark(4), EU: mark(7)}) == {US: mark(5)}
    assert known.lacking("1:cd:0:y", {US: mark(5)}) == {EU: mark(2)}
    assert known.lacking("1:cd:0:y", {US: mark(5), EU: mark(2)}) == {}


def test_a_later_history_lacks_nothing_of_an_earlier_one_and_is_known_on_its_own() -> None:
    known = shown({US: mark(5)})
    assert known.of(US).lacking("1:ab:7:y", {}) == {}
    known.shown(US, "1:ab:7:y", {US: mark(2)}, is_current=False)
    assert known.of(US) == Known(7)
    known.shown(US, "1:ab:0:x", {US: mark(5)}, is_current=True)
    assert known.of(US) == Known(7), "the message is from before the later history"


def test_a_contradiction_is_known_until_a_later_history_begins() -> None:
    known = shown({US: mark(5)})
    known.contradicted(US, mark(3))
    known.shown(US, "1:ab:0:x", {US: mark(6)}, is_current=True)
    assert known.of(US) == Known(0, {US: mark(6)}, contradicted=mark(3))
    known.shown(US, "1:ab:7:y", {}, is_current=False)
    assert known.of(US) == Known(7)


def test_a_readers_known_marks_do_not_change() -> None:
    known = shown({US: mark(5)})
    before = known.of(US)
    known.shown(US, "1:ab:0:x", {US: mark(6)}, is_current=True)
    assert before.marks == {US: mark(5)}


def test_the_history_is_the_third_part_of_an_incarnations_name_and_0_in_any_other_name() -> None:
    names = {"1:ab:1764413: x": 1764413, "1:ab:0:x": 0, "1:ab:x": 0, "one": 0, "": 0, "1:ab:no:x": 0}
    assert {name: history_of(name) for name in names} == names
