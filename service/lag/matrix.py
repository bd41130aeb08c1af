"""How far each region is behind each origin, as far as that can be known from one region. Pure.

A lag has two parts. The origin knows best where its log ends. Only the region behind knows what it has applied. A
region that is not heard may be further than when it last was. So each cell says which of the two is old, and since
when. Nothing that is not known is ever 0.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from core.positions import BEGINNING, NOTHING, Mark, Position, Region, Sequence
from service.lag.log_ends import LogEnd
from service.watermarks.heard import Heard

SILENT_AFTER_SECONDS = 1.5
"""A region is not heard once it was silent for so long. It announces every 250 ms: five in a row may be late."""


class Pair(NamedTuple):
    """A region, and an origin whose events it has to apply."""

    behind: Region
    origin: Region


class Certainty(StrEnum):
    """How certain a number of events is."""

    EXACT = "exact"
    AT_MOST = "at_most"
    """The region behind is not heard: it may have applied more."""

    AT_LEAST = "at_least"
    """The origin is not heard: its log may have more."""

    LAST_HEARD = "last_heard"
    """Neither is heard: the number is from the time when both were."""

    NEVER_HEARD = "never_heard"
    """One of the two is not known at all."""

    OTHER_LOG = "other_log"
    """The region behind has applied events of a log that the origin no longer has."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the region `here` knows at one moment, `now_seconds`. It has listened since `since_seconds`.

    It reads its own log itself. That log ended at `own_end` when it could last be read. All of these times are of one
    clock, which only goes forward.
    """

    here: Region
    regions: tuple[Region, ...]
    heard: Mapping[Region, Heard]
    own_end: Mark | None
    own_read_at_seconds: float
    since_seconds: float
    now_seconds: float

    def heard_at_seconds(self, region: Region) -> float:
        """When `region` was last heard. If it never was, when this service began to listen."""
        heard = self.heard.get(region)
        return self.since_seconds if heard is None else heard.at_seconds

    def is_heard(self, region: Region) -> bool:
        """Whether `region` is heard now."""
        return region in self.heard and self.now_seconds <= self.heard_at_seconds(region) + SILENT_AFTER_SECONDS


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How far a region is behind an origin.

    `events` were not applied, as far as is known. `milliseconds` is the age of the oldest of them. It is 0 if certainly
    none is missing, and None if no age is known. `unheard_seconds` is for how long the region that makes the lag
    uncertain was not heard. `oldest` is None if nothing is missing.
    """

    events: int = 0
    milliseconds: int | None = None
    certainty: Certainty
    unheard_seconds: float = 0.0
    oldest: Position | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a number: of all events that are missing, or of some that certainly are."""
        match self.certainty:
            case Certainty.EXACT | Certainty.AT_MOST:
                return True
            case Certainty.AT_LEAST:
                return self.events > 0
            case Certainty.LAST_HEARD | Certainty.NEVER_HEARD | Certainty.OTHER_LOG:
                return False


class _End(NamedTuple):
    """Where a log ends, as far as is known, and when that was."""

    mark: Mark
    at_seconds: float


def pairs(known: Known) -> Iterator[Pair]:
    """Every cell of the matrix, row by row."""
    return (Pair(behind, origin) for behind in known.regions for origin in known.regions)


def oldest_unapplied(known: Known) -> frozenset[Position]:
    """The events whose ages say how many seconds a region is behind."""
    lags = (_unapplied(known, pair) for pair in pairs(known))
    return frozenset(lag.oldest for lag in lags if lag.oldest is not None)


def ends(known: Known) -> dict[Region, LogEnd]:
    """How far each origin's log is known to reach."""
    found = {origin: _end(known, origin) for origin in known.regions}
    return {origin: LogEnd(end.mark.epoch, end.mark.sequence) for origin, end in found.items() if end is not None}


def matrix(known: Known, *, written_milliseconds: Mapping[Position, int], now_milliseconds: int) -> dict[Pair, Lag]:
    """Every cell. `written_milliseconds`, the times of events, and `now_milliseconds` count from 1970."""
    return {
        pair: _aged(_unapplied(known, pair), written_milliseconds, now_milliseconds=now_milliseconds)
        for pair in pairs(known)
    }


def _unapplied(known: Known, pair: Pair) -> Lag:
    end, heard = _end(known, pair.origin), known.heard.get(pair.behind)
    if end is None or heard is None:
        unheard = max(known.now_seconds - known.heard_at_seconds(region) for region in pair)
        return Lag(certainty=Certainty.NEVER_HEARD, unheard_seconds=unheard)
    mark = heard.vector.get(pair.origin, BEGINNING)
    if NOTHING not in (mark.sequence, end.mark.sequence) and mark.epoch != end.mark.epoch:
        return Lag(certainty=Certainty.OTHER_LOG)
    events = _events_between(mark, end.mark)
    is_end_old = known.now_seconds > end.at_seconds + SILENT_AFTER_SECONDS
    # A region that has applied the whole log cannot have applied more.
    is_mark_old = not known.is_heard(pair.behind) and (events > 0 or is_end_old)
    told_at = [end.at_seconds] * is_end_old + [heard.at_seconds] * is_mark_old
    return Lag(
        events=events,
        certainty=_certainty(is_end_old=is_end_old, is_mark_old=is_mark_old),
        unheard_seconds=known.now_seconds - min(told_at, default=known.now_seconds),
        oldest=Position(pair.origin, end.mark.epoch, Sequence(mark.sequence + 1)) if events else None,
    )


def _events_between(applied: Mark, end: Mark) -> int:
    """How many events of a log come after `applied`, up to `end`: at least one a message.

    A watermark may be newer than the end, which came another way.
    """
    messages = max(0, end.sequence - applied.sequence)
    return max(messages, end.count - applied.count) if messages else 0


def _order(mark: Mark) -> tuple[Sequence, int]:
    """The order of one log's marks. Of two of the same message, one that counts the events comes later."""
    return mark.sequence, mark.events


def _end(known: Known, origin: Region) -> _End | None:
    """The furthest mark that any region has of the log that the origin has."""
    marks = [mark for heard in known.heard.values() if (mark := heard.vector.get(origin)) is not None]
    if origin == known.here:
        marks += [] if known.own_end is None else [known.own_end]
        first, at_seconds = known.own_end, known.own_read_at_seconds
    else:
        heard = known.heard.get(origin)
        first = None if heard is None else heard.vector.get(origin, BEGINNING)
        at_seconds = known.heard_at_seconds(origin)
    if first is None and not marks:
        return None
    highest = max([*marks, BEGINNING], key=_order)
    epoch = highest.epoch if first is None or first.sequence == NOTHING else first.epoch
    nothing = Mark(epoch, NOTHING, "")
    of_epoch = (mark for mark in marks if mark.epoch == epoch)
    return _End(max(of_epoch, key=_order, default=nothing), at_seconds)


def _certainty(*, is_end_old: bool, is_mark_old: bool) -> Certainty:
    if is_end_old:
        return Certainty.LAST_HEARD if is_mark_old else Certainty.AT_LEAST
    return Certainty.AT_MOST if is_mark_old else Certainty.EXACT


def _aged(lag: Lag, written_milliseconds: Mapping[Position, int], *, now_milliseconds: int) -> Lag:
    if lag.oldest is None:
        return msgspec.structs.replace(lag, milliseconds=0) if lag.certainty is Certainty.EXACT else lag
    written = written_milliseconds.get(lag.oldest)
    return lag if written is None else msgspec.structs.replace(lag, milliseconds=max(0, now_milliseconds - written))
