from adapters.announcements import Announcement
from adapters.projection_state import Had
from core.known_marks import Known
from core.positions import Epoch, Mark, Region, Sequence
from replicator.evidence import SILENT_SECONDS, Evidence

US, EU, JP = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")


def mark(sequence: int) -> Mark:
    return Mark(EPOCH, Sequence(sequence), f"{sequence:016x}")


def had(sequence: int, by: Region) -> Had:
    return Had(EPOCH, Sequence(sequence), by)


def evidence() -> Evidence:
    return Evidence(US, others=(EU, JP), origins=(US, EU, JP))


def said(
    region: Region,
    vector: dict[Region, Mark],
    *,
    knows: dict[Region, Mark] | None = None,
    is_current: bool = True,
    incarnation: str = "1:ab:0:x",
    history: int = 0,
) -> Announcement:
    known = None if knows is None else Known(history, knows)
    return Announcement(region, incarnation, is_current, vector, known_of_recipient=known)


def test_the_highest_known_mark_counts_with_the_region_that_knows_it() -> None:
    found = evidence()
    found.shown("1:cd:0:x", {EU: mark(3), JP: mark(3)}, is_current=True)
    found.heard(said(EU, {}, knows={JP: mark(5)}), now_seconds=1)
    found.heard(said(JP, {}, knows={JP: mark(4), EU: mark(1)}), now_seconds=1)
    assert found.had().lacking("1:ef:0:y", {EU: mark(2)}) == {EU: had(3, US), JP: had(5, EU)}


def test_what_another_region_has_applied_of_this_regions_log_was_in_it() -> None:
    found = evidence()
    found.heard(said(EU, {US: mark(7), JP: mark(9)}), now_seconds=1)
    found.copied({JP: mark(8)})
    assert found.had().lacking("1:ef:0:y", {}) == {US: had(8, JP)}
    assert found.had().lacking("1:ef:0:y", {US: mark(7)}) == {US: had(8, JP)}
    assert found.had().lacking("1:ef:0:y", {US: mark(8)}) == {}


def test_what_one_region_knows_is_told_apart_from_what_the_others_know() -> None:
    found = evidence()
    found.heard(said(EU, {US: mark(7)}, knows={JP: mark(5)}), now_seconds=1)
    found.heard(said(JP, {US: mark(8)}, knows={JP: mark(6)}), now_seconds=1)
    assert found.had_by(EU).lacking("1:ef:0:y", {}) == {JP: had(5, EU), US: had(7, EU)}
    assert found.had_by(EU).lacking("1:ef:0:y", {JP: mark(5), US: mark(7)}) == {}
    assert found.had_by(JP).lacking("1:ef:0:y", {JP: mark(5), US: mark(7)}) == {JP: had(6, JP), US: had(8, JP)}


def test_what_a_region_says_that_is_not_current_itself_is_no_evidence_of_a_log() -> None:
    found = evidence()
    found.heard(said(EU, {US: mark(7)}, is_current=False), now_seconds=1)
    assert found.had().lacking("", {}) == {}


def test_what_is_known_of_an_earlier_history_is_not_held_against_a_later_one() -> None:
    found = evidence()
    found.shown("1:cd:0:x", {EU: mark(3)}, is_current=True)
    found.heard(said(EU, {}, knows={EU: mark(5)}), now_seconds=1)
    found.heard(said(JP, {}, knows={EU: mark(2)}, history=9), now_seconds=1)
    assert found.had().lacking("1:cd:9:y", {}) == {EU: had(2, JP)}


def test_an_origin_that_is_not_configured_here_is_not_waited_for() -> None:
    found = evidence()
    found.heard(said(EU, {}, knows={Region("gone"): mark(5)}), now_seconds=1)
    assert found.had().lacking("", {}) == {}


def test_what_is_learnt_later_does_not_change_what_was_known_before() -> None:
    found = evidence()
    before = found.had()
    found.shown("1:cd:0:x", {EU: mark(3)}, is_current=True)
    found.heard(said(EU, {US: mark(1)}, knows={EU: mark(5)}), now_seconds=1)
    assert before.lacking("", {}) == {}


def test_only_a_heartbeat_has_what_a_region_knows_and_a_region_without_one_is_silent() -> None:
    found = evidence()
    found.heard(said(EU, {}), now_seconds=5)
    found.heard(said(JP, {}, knows={}), now_seconds=5)
    assert found.silent(since=4) == [EU]
    assert found.silent(since=6) == [EU, JP]


def test_a_region_tells_another_what_it_knows_of_that_one() -> None:
    found = evidence()
    found.heard(said(EU, {EU: mark(4), US: mark(2)}), now_seconds=5)
    assert found.of(EU).marks == {EU: mark(4), US: mark(2)}


def test_marks_are_looked_for_in_the_log_when_a_region_is_heard_again_or_has_begun_anew() -> None:
    found = evidence()

    def beat(at: float, incarnation: str = "1:ab:0:x") -> bool:
        found.heard(said(EU, {US: mark(2)}, knows={}, incarnation=incarnation), now_seconds=at)
        is_unverified = found.unverified() == [(EU, mark(2))]
        found.verified(EU)
        return is_unverified

    assert beat(1.0)
    assert not beat(1.0 + SILENT_SECONDS)
    assert beat(1.1 + 2 * SILENT_SECONDS)
    assert beat(1.2 + 2 * SILENT_SECONDS, "1:cd:0:y")
    found.verify_again()
    assert found.unverified() == [(EU, mark(2))]
