"""The marks that each region is known to have applied, in any incarnation of its projection. Pure."""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from core.positions import NOTHING, Mark, Region, Vector


class Known(msgspec.Struct, frozen=True):
    """The highest mark of each origin that a region showed while it was current.

    `history` counts how often a projection was emptied because it held events of another history of a log. Marks of
    an earlier history mean nothing in a later one. `contradicted` is an event that the region's own log did not have
    when it was last compared. Marks of that time may name events that no log has any more.
    """

    history: int = 0
    marks: Mapping[Region, Mark] = {}
    contradicted: Mark | None = None

    def lacking(self, incarnation: str, vector: Vector) -> dict[Region, Mark]:
        """The marks that a projection with `vector`, in `incarnation`, does not reach."""
        if history_of(incarnation) > self.history:
            return {}
        return {origin: mark for origin, mark in self.marks.items() if not includes(vector, origin, mark)}


NOTHING_KNOWN = Known()


class KnownMarks:
    """The marks that every region is known to have applied. The entry of a region is replaced, never changed."""

    def __init__(self) -> None:
        self._of: dict[Region, Known] = {}

    def of(self, region: Region) -> Known:
        """The marks that `region` is known to have applied."""
        return self._of.get(region, NOTHING_KNOWN)

    def shown(self, region: Region, incarnation: str, vector: Vector, *, is_current: bool) -> None:
        """Record that `region` had `vector`. Marks of a region that is not current do not count: it serves no reads."""
        self.take(region, Known(history_of(incarnation), vector if is_current else {}))

    def contradicted(self, region: Region, mark: Mark) -> None:
        """Record that the log of `region` has another event than `mark`, in the known history."""
        self.take(region, Known(self.of(region).history, contradicted=mark))

    def take(self, region: Region, heard: Known) -> None:
        """Record the known marks of `region`."""
        known = self.of(region)
        if heard.history < known.history:
            return
        if heard.history > known.history:
            self._of[region] = known = Known(heard.history)
        contradicted = heard.contradicted or known.contradicted
        higher = {o: mark for o, mark in heard.marks.items() if _is_higher(mark, known.marks.get(o))}
        if higher or contradicted != known.contradicted:
            self._of[region] = Known(known.history, {**known.marks, **higher}, contradicted)


def includes(vector: Vector, origin: Region, mark: Mark) -> bool:
    """Whether `vector` is at `mark` of `origin` or beyond it, in the same epoch."""
    reached = vector.get(origin)
    return reached is not None and reached.epoch == mark.epoch and reached.sequence >= mark.sequence


@lru_cache(maxsize=64)
def history_of(incarnation: str) -> int:
    """Which history of the logs a projection belongs to: a part of its incarnation's name."""
    _, _, history, *_ = *incarnation.split(":"), "", "", ""
    return int(history) if history.isdecimal() else 0


def _is_higher(mark: Mark, known: Mark | None) -> bool:
    """Marks of different epochs are not comparable: the known one stays, and is not reached."""
    if known is None:
        return mark.sequence != NOTHING
    return mark.epoch == known.epoch and mark.sequence > known.sequence
