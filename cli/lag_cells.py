"""From what is known of every region at one moment to how far each is behind each origin. Pure."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from core.positions import BEGINNING, NOTHING, Epoch, Position, Region, Sequence, Vector


class End(msgspec.Struct, frozen=True):
    """Where an origin's log ends, in its own region."""

    epoch: Epoch
    sequence: Sequence


class Applied(msgspec.Struct, frozen=True):
    """What a region says of itself: its vector, whether its projection is current, why an origin is halted.

    It has no connection to the NATS of any region in `not_connected`, which may be its own.
    """

    vector: Vector
    is_current: bool = True
    halted: Mapping[Region, str] = msgspec.field(default_factory=dict)
    not_connected: Collection[Region] = ()


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


Lag = Behind | EndUnknown | AppliedUnknown | Unknown | OtherLog


class Cell(msgspec.Struct, frozen=True):
    """A region's lag behind an origin, and why the origin is halted there: `""` where it is not."""

    lag: Lag
    halted: str = ""


def cell(snapshot: Snapshot, *, region: Region, origin: Region) -> Cell:
    """How far `region` is behind `origin`."""
    applied = snapshot.applied.get(region)
    return Cell(
        lag=_lag(snapshot, region=region, origin=origin),
        halted="" if applied is None else applied.halted.get(origin, ""),
    )


def oldest_unapplied(snapshot: Snapshot) -> frozenset[Position]:
    """The events whose age says how many seconds a region is behind."""
    return frozenset(
        _oldest(end, origin=origin, events=lag.events)
        for origin, end in snapshot.ends.items()
        for region in snapshot.applied
        if isinstance(lag := _lag(snapshot, region=region, origin=origin), Behind) and lag.events > 0
    )


def notes(snapshot: Snapshot) -> Iterator[str]:
    """What the cells have no room for: who is cut off, halted or rebuilding, and what is not known; and why."""
    for region in snapshot.regions:
        if region in snapshot.cut:
            yield f"{region}: cut off from the other regions"
        missing = [
            what
            for what, known in (
                ("where its log ends", snapshot.ends),
                ("what it has applied", snapshot.applied),
            )
            if region not in known
        ]
        if missing:
            why = snapshot.unknown.get(region, "no answer")
            yield f"{region}: {why}; not known: {' and '.join(missing)}"
    for region, applied in _in_order(snapshot):
        if not applied.is_current:
            yield f"{region}: rebuilding its projection; it answers 503 until that is current"
        for origin, why in applied.halted.items():
            yield f"{region}: halted for {origin}: {why}"
        yield from _without_nats(snapshot, region)
        for origin in snapshot.regions:
            if isinstance(_lag(snapshot, region=region, origin=origin), OtherLog):
                yield f"{region}: has applied events of a log that {origin} does not have any more"


def _without_nats(snapshot: Snapshot, region: Region) -> Iterator[str]:
    """Whose NATS a region has no connection to. Where it is gone for its own region, that says it all."""
    for origin in snapshot.applied[region].not_connected:
        if region == origin:
            yield f"{region}: cannot reach its own NATS; it takes no writes"
        elif origin not in snapshot.applied or origin not in snapshot.applied[origin].not_connected:
            yield f"{region}: has no connection to the NATS of {origin}"


def _in_order(snapshot: Snapshot) -> Iterator[tuple[Region, Applied]]:
    for region in snapshot.regions:
        if (applied := snapshot.applied.get(region)) is not None:
            yield region, applied


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
