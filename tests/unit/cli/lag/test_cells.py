"""What is known of every region at one moment says how far each is behind, and no more than that."""

import msgspec

from cli.lag.cells import (
    Applied,
    AppliedUnknown,
    Behind,
    Cell,
    End,
    EndUnknown,
    Lacking,
    OtherLog,
    Snapshot,
    Unknown,
    cell,
    oldest_unapplied,
)
from cli.lag.notes import notes
from core.positions import Epoch, Mark, Position, Region, Sequence

IOWA, JAPAN = Region("us-iowa"), Region("asia-japan")
NOW_SECONDS = 1_000.0


def at(sequence: int, epoch: str = "first") -> Mark:
    return Mark(epoch=Epoch(epoch), sequence=Sequence(sequence), fingerprint="f" * 16)


def end(sequence: int, epoch: str = "first") -> End:
    return End(epoch=Epoch(epoch), sequence=Sequence(sequence))


def position(origin: Region, sequence: int) -> Position:
    return Position(origin=origin, epoch=Epoch("first"), sequence=Sequence(sequence))


def a_snapshot(*, japan_has: Mark | None, iowa_ends: int = 130) -> Snapshot:
    """Iowa has everything; of Japan there is `japan_has` of Iowa's log."""
    return Snapshot(
        regions=(IOWA, JAPAN),
        ends={IOWA: end(iowa_ends), JAPAN: end(7)},
        applied={
            IOWA: Applied(vector={IOWA: at(iowa_ends), JAPAN: at(7)}),
            JAPAN: Applied(vector={JAPAN: at(7)} if japan_has is None else {JAPAN: at(7), IOWA: japan_has}),
        },
        now_seconds=NOW_SECONDS,
    )


def test_a_region_that_has_applied_everything_is_zero_events_and_zero_seconds_behind() -> None:
    snapshot = a_snapshot(japan_has=at(130))
    for region in snapshot.regions:
        for origin in snapshot.regions:
            assert cell(snapshot, region=region, origin=origin) == Cell(lag=Behind(events=0, seconds=0.0))
    assert not oldest_unapplied(snapshot)
    assert not list(notes(snapshot))


def test_seconds_are_the_age_of_the_oldest_event_that_is_not_applied() -> None:
    snapshot = a_snapshot(japan_has=at(120))
    assert oldest_unapplied(snapshot) == {position(IOWA, 121)}
    aged = msgspec.structs.replace(snapshot, stored_at_seconds={position(IOWA, 121): 996.5})
    assert cell(aged, region=JAPAN, origin=IOWA).lag == Behind(events=10, seconds=3.5)


def test_an_age_that_could_not_be_read_is_not_made_up() -> None:
    assert cell(a_snapshot(japan_has=at(120)), region=JAPAN, origin=IOWA).lag == Behind(events=10, seconds=None)


def test_a_clock_behind_the_servers_gives_no_negative_age() -> None:
    snapshot = a_snapshot(japan_has=at(129))
    ahead = msgspec.structs.replace(snapshot, stored_at_seconds={position(IOWA, 130): NOW_SECONDS + 5})
    assert cell(ahead, region=JAPAN, origin=IOWA).lag == Behind(events=1, seconds=0.0)


def test_a_region_that_has_applied_nothing_is_behind_from_the_first_event_on() -> None:
    snapshot = a_snapshot(japan_has=None)
    assert cell(snapshot, region=JAPAN, origin=IOWA).lag == Behind(events=130, seconds=None)
    assert oldest_unapplied(snapshot) == {position(IOWA, 1)}


def test_a_log_without_events_leaves_nobody_behind() -> None:
    snapshot = a_snapshot(japan_has=None, iowa_ends=0)
    assert cell(snapshot, region=JAPAN, origin=IOWA).lag == Behind(events=0, seconds=0.0)


def test_a_watermark_heard_after_the_end_was_read_is_zero_and_not_negative() -> None:
    assert cell(a_snapshot(japan_has=at(133)), region=JAPAN, origin=IOWA).lag == Behind(events=0, seconds=0.0)


def test_events_of_a_log_that_the_origin_has_no_more_are_no_lag() -> None:
    snapshot = a_snapshot(japan_has=at(120, epoch="before"))
    assert cell(snapshot, region=JAPAN, origin=IOWA).lag == OtherLog()
    assert not oldest_unapplied(snapshot)
    assert list(notes(snapshot)) == ["asia-japan: has applied events of a log that us-iowa does not have any more"]


def test_of_a_silent_region_the_ends_are_known_and_what_it_has_applied_is_not() -> None:
    heard = a_snapshot(japan_has=at(130))
    snapshot = msgspec.structs.replace(
        heard, applied={IOWA: heard.applied[IOWA]}, unknown={JAPAN: "no replicator of it was heard for 3 s"}
    )
    assert cell(snapshot, region=JAPAN, origin=IOWA).lag == AppliedUnknown(end=Sequence(130))
    assert cell(snapshot, region=IOWA, origin=JAPAN).lag == Behind(events=0, seconds=0.0)
    assert list(notes(snapshot)) == [
        "asia-japan: no replicator of it was heard for 3 s; not known: what it has applied"
    ]


def test_of_a_region_whose_nats_is_away_nobody_knows_how_far_behind_it_he_is() -> None:
    reached = a_snapshot(japan_has=at(130))
    snapshot = msgspec.structs.replace(
        reached,
        ends={IOWA: reached.ends[IOWA]},
        applied={IOWA: reached.applied[IOWA]},
        unknown={JAPAN: "its NATS is not reached"},
    )
    assert cell(snapshot, region=IOWA, origin=JAPAN).lag == EndUnknown(applied=Sequence(7))
    assert cell(snapshot, region=JAPAN, origin=JAPAN).lag == Unknown()
    assert list(notes(snapshot)) == [
        "asia-japan: its NATS is not reached; not known: where its log ends and what it has applied"
    ]


def test_a_halted_origin_has_its_reason_beside_its_lag() -> None:
    snapshot = a_snapshot(japan_has=at(120))
    japan = Applied(vector=snapshot.applied[JAPAN].vector, halted={IOWA: "forked: another event stands at 120"})
    halted = msgspec.structs.replace(snapshot, applied={**snapshot.applied, JAPAN: japan})
    assert cell(halted, region=JAPAN, origin=IOWA) == Cell(
        lag=Behind(events=10, seconds=None), halted="forked: another event stands at 120"
    )
    assert list(notes(halted)) == ["asia-japan: halted for us-iowa: forked: another event stands at 120"]


def halted(snapshot: Snapshot, why: str) -> Snapshot:
    """Japan has halted Iowa."""
    japan = msgspec.structs.replace(snapshot.applied[JAPAN], halted={IOWA: why})
    return msgspec.structs.replace(snapshot, applied={**snapshot.applied, JAPAN: japan})


def test_a_log_that_went_back_lacks_what_others_have_applied_of_it() -> None:
    snapshot = halted(a_snapshot(japan_has=at(130), iowa_ends=123), "went_back: the log ends at 123")
    assert cell(snapshot, region=JAPAN, origin=IOWA).lag == Lacking(events=7)
    assert list(notes(snapshot)) == [
        "us-iowa: its log lacks 7 events that it had",
        "asia-japan: halted for us-iowa: went_back: the log ends at 123",
    ]


def test_a_trimmed_log_lacks_what_was_trimmed_also_before_anybody_has_halted_it() -> None:
    trimmed = {IOWA: msgspec.structs.replace(end(130), missing=1), JAPAN: end(7)}
    snapshot = msgspec.structs.replace(a_snapshot(japan_has=at(130)), ends=trimmed)
    assert list(notes(snapshot)) == ["us-iowa: its log lacks 1 event that it had"]
    assert cell(snapshot, region=JAPAN, origin=IOWA).lag == Behind(events=0, seconds=0.0)
    assert cell(halted(snapshot, "incomplete"), region=JAPAN, origin=IOWA).lag == Lacking(events=1)


def test_to_be_at_the_end_of_a_halted_log_is_not_to_have_everything() -> None:
    snapshot = halted(a_snapshot(japan_has=at(130)), "forked: another event stands at 130")
    assert cell(snapshot, region=JAPAN, origin=IOWA).lag == Unknown()


def test_what_waits_is_noted_with_its_reason() -> None:
    snapshot = a_snapshot(japan_has=at(130))
    japan = msgspec.structs.replace(
        snapshot.applied[JAPAN], refused="MISCONF no space left", waiting={IOWA: "ship: Unavailable: it is full"}
    )
    assert list(notes(msgspec.structs.replace(snapshot, applied={**snapshot.applied, JAPAN: japan}))) == [
        "asia-japan: its Redis takes no writes: MISCONF no space left",
        "asia-japan: waits for us-iowa to ship: Unavailable: it is full",
    ]


def test_whoever_has_no_connection_to_a_nats_is_noted() -> None:
    snapshot = a_snapshot(japan_has=at(130))
    japan = msgspec.structs.replace(snapshot.applied[JAPAN], not_connected=[JAPAN, IOWA])
    assert list(notes(msgspec.structs.replace(snapshot, applied={**snapshot.applied, JAPAN: japan}))) == [
        "asia-japan: cannot reach its own NATS; it takes no writes",
        "asia-japan: has no connection to the NATS of us-iowa",
    ]


def test_that_others_too_have_no_connection_to_a_nats_that_its_own_region_lacks_is_not_repeated() -> None:
    snapshot = a_snapshot(japan_has=at(130))
    without = {
        region: msgspec.structs.replace(applied, not_connected=[JAPAN]) for region, applied in snapshot.applied.items()
    }
    assert list(notes(msgspec.structs.replace(snapshot, applied=without))) == [
        "asia-japan: cannot reach its own NATS; it takes no writes"
    ]


def test_a_projection_that_is_not_current_is_said_to_be_rebuilt() -> None:
    snapshot = a_snapshot(japan_has=at(130))
    japan = Applied(vector=snapshot.applied[JAPAN].vector, is_current=False)
    rebuilding = msgspec.structs.replace(snapshot, applied={**snapshot.applied, JAPAN: japan})
    assert list(notes(rebuilding)) == ["asia-japan: rebuilding its projection; it answers 503 until that is current"]


def test_a_region_that_is_cut_off_is_said_to_be() -> None:
    cut = msgspec.structs.replace(a_snapshot(japan_has=at(130)), cut=frozenset({JAPAN}))
    assert list(notes(cut)) == ["asia-japan: cut off from the other regions"]
