"""From what is known of every region at one moment to how far each is behind each origin. Pure."""

from collections.abc import Collection, Mapping

import msgspec

from core.positions import BEGINNING, NOTHING, Epoch, Position, Region, Sequence, Vector


class End(msgspec.Struct, frozen=True):
    """Where an origin's log ends, in its own region, and how many of the events up to there it has not."""

    epoch: Epoch
    sequence: Sequence
    missing: int = 0


class Applied(msgspec.Struct, frozen=True):
    """What a region says of itself: its vector, whether its projection is current, why an origin is halted.

    It has no connection to the NATS of any region in `not_connected`, which may be its own. An origin in `waiting` does
    not get on there for now, for the reason given. `refused` is why its Redis takes no writes.
    """

    vector: Vector
    is_current: bool = True
    halted: Mapping[Region, str] = msgspec.field(default_factory=dict)
    not_connected: Collection[Region] = ()
    waiting: Mapping[Region, str] = msgspec.field(default_factory=dict)
    refused: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at one moment. A region that is missing in `ends` or `applied` has the reason in `unknown`."""

    regions: tuple[Region, ...]
    ends: Mapping[Region, End]
    applied: Mapping[Region, Applied]
    unknown: Mapping[Region, str] = msgspec.field(default_factory=dict)
    cut: frozenset[Region] = frozenset()
    stored_at_seconds: Mapping[Position, float] = msgspec.field(default_factory=dict)
    """When origins' logs took the events that `oldest_unapplied` names, in seconds since 1970."""
    now_seconds: float = 0.0


class Behind(msgspec.Struct, frozen=True):
    """So many events are not applied, and the oldest of them has this age, if that could be read."""

    events: int
    seconds: float | None


class EndUnknown(msgspec.Struct, frozen=True):
    """The region has applied this much, of a log whose end is not known."""

    applied: Sequence


class AppliedUnknown(msgspec.Struct, frozen=True):
    """The log ends here, and what the region has applied of it is not known."""

    end: Sequence


class Unknown(msgspec.Struct, frozen=True):
    """Neither is known."""


class OtherLog(msgspec.Struct, frozen=True):
    """The region has applied events of a log that the origin does not have any more."""


class Lacking(msgspec.Struct, frozen=True):
    """The region has all that the log has, and the log lacks so many events that it had."""

    events: int


Lag = Behind | EndUnknown | AppliedUnknown | Unknown | OtherLog | Lacking


class Cell(msgspec.Struct, frozen=True):
    """A region's lag behind an origin, and why the origin is halted there: `""` where it is not."""

    lag: Lag
    halted: str = ""


def cell(snapshot: Snapshot, *, region: Region, origin: Region) -> Cell:
    """How far `region` is behind `origin`."""
    applied = snapshot.applied.get(region)
    halted = "" if applied is None else applied.halted.get(origin, "")
    lag = _lag(snapshot, region=region, origin=origin)
    if halted and isinstance(lag, Behind) and lag.events == 0:
        # To be at the end of a log that is not what it was is not to have everything.
        events = lacking(snapshot, origin)
        lag = Lacking(events=events) if events else Unknown()
    return Cell(lag=lag, halted=halted)


def oldest_unapplied(snapshot: Snapshot) -> frozenset[Position]:
    """The events whose age says how many seconds a region is behind."""
    return frozenset(
        _oldest(end, origin=origin, events=lag.events)
        for origin, end in snapshot.ends.items()
        for region in snapshot.applied
        if isinstance(lag := _lag(snapshot, region=region, origin=origin), Behind) and lag.events > 0
    )


def lacking(snapshot: Snapshot, origin: Region) -> int:
    """How many events a log lacks: those up to its end, and those beyond it that a region has applied."""
    if (end := snapshot.ends.get(origin)) is None:
        return 0
    marks = [applied.vector.get(origin, BEGINNING) for applied in snapshot.applied.values()]
    highest = max((mark.sequence for mark in marks if mark.epoch == end.epoch), default=NOTHING)
    return end.missing + max(0, highest - end.sequence)


def _lag(snapshot: Snapshot, *, region: Region, origin: Region) -> Lag:
    end, applied = snapshot.ends.get(origin), snapshot.applied.get(region)
    if applied is None:
        return Unknown() if end is None else AppliedUnknown(end=end.sequence)
    mark = applied.vector.get(origin, BEGINNING)
    if end is None:
        return EndUnknown(applied=mark.sequence)
    if mark.sequence != NOTHING and mark.epoch != end.epoch:
        return OtherLog()
    # The watermark may be newer than the end, which was read before it.
    events = max(0, end.sequence - mark.sequence)
    if events == 0:
        return Behind(events=0, seconds=0.0)
    stored = snapshot.stored_at_seconds.get(_oldest(end, origin=origin, events=events))
    return Behind(events=events, seconds=None if stored is None else max(0.0, snapshot.now_seconds - stored))


def _oldest(end: End, *, origin: Region, events: int) -> Position:
    return Position(origin=origin, epoch=end.epoch, sequence=Sequence(end.sequence - events + 1))
