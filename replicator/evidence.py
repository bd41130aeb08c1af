"""The events that this region is known to have had, from this process and from other regions' announcements. No I/O."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from adapters.announcements import Announcement
from adapters.projection_state import Contradiction, Had
from core.known_marks import Known, KnownMarks, history_of, includes
from core.positions import NOTHING, Mark, Region, Vector

SILENT_SECONDS = 1.0
"""A region that was silent for this long may have seen another history of this region's log."""


class Evidence:
    """Collects what each region knows this region to have had."""

    def __init__(self, here: Region, *, others: Collection[Region], origins: Collection[Region]) -> None:
        self._here = here
        self._others = others
        self._origins = origins
        self._known = KnownMarks()
        self._claims = KnownMarks()
        self._copied: dict[Region, Mark] = {}
        self._heard_at: dict[Region, float] = {}
        self._incarnations: dict[Region, str] = {}
        self._unverified: set[Region] = set()

    def of(self, region: Region) -> Known:
        """The marks that this process knows `region` to have applied."""
        return self._known.of(region)

    def heard(self, announcement: Announcement, *, now_seconds: float) -> None:
        """Record a region's announcement of itself and, in a heartbeat, of this region."""
        region, incarnation = announcement.region, announcement.incarnation
        if region not in self._others:
            return
        self._known.shown(region, incarnation, announcement.vector, is_current=announcement.is_current)
        if announcement.known_of_recipient is None:
            return
        self._claims.take(region, announcement.known_of_recipient)
        if now_seconds > self._heard_at.get(region, -SILENT_SECONDS) + SILENT_SECONDS:
            self._unverified.add(region)
        if self._incarnations.get(region) != incarnation:
            self._unverified.add(region)
        self._heard_at[region], self._incarnations[region] = now_seconds, incarnation

    def forked(self, origin: Region, mark: Mark) -> None:
        """Record that the log of `origin` has another event than `mark`, which this region's copy has."""
        self._known.contradicted(origin, mark)

    def shown(self, incarnation: str, vector: Vector, *, is_current: bool) -> None:
        """Record the marks that this region's projection had."""
        self._known.shown(self._here, incarnation, vector, is_current=is_current)

    def copied(self, ends: Mapping[Region, Mark]) -> None:
        """Record the ends of the copies of this region's log."""
        self._copied |= ends
        self._unverified |= ends.keys()

    def silent(self, *, since: float) -> list[Region]:
        """The regions that have not announced since then what they know of this one."""
        return [region for region in self._others if self._heard_at.get(region, -1.0) < since]

    def had(self) -> "HadHere":
        """All that this region is known to have had, as a value that does not change."""
        claims = {self._here: self.of(self._here), **{region: self._claims.of(region) for region in self._others}}
        return HadHere(self._here, self._origins, claims, tuple(self._of_own_log()))

    def had_by(self, region: Region) -> "HadHere":
        """The same, as far as `region` has announced it."""
        applied = self.applied_by(region)
        of_own_log = [(region, applied)] if applied is not None and applied.sequence else []
        return HadHere(self._here, self._origins, {region: self._claims.of(region)}, of_own_log)

    def applied_by(self, region: Region) -> Mark | None:
        """The mark of this region's log that `region` has applied, as far as it was heard."""
        return self._known.of(region).marks.get(self._here)

    def unverified(self) -> list[tuple[Region, Mark]]:
        """The marks of this region's log elsewhere that have not been looked for in the log itself."""
        return [(region, mark) for region, mark in self._of_own_log() if region in self._unverified]

    def verify_again(self) -> None:
        """Look for every region's marks in this region's log again: it may be another log now."""
        self._unverified |= set(self._others)

    def verified(self, region: Region) -> None:
        """The marks of `region` are in this region's log. Further ones follow on them."""
        self._unverified.discard(region)

    def _of_own_log(self) -> list[tuple[Region, Mark]]:
        """The marks of this region's log that other regions have applied, or have copies of."""
        applied = {region: self.applied_by(region) for region in self._others}
        return [(region, mark) for region, mark in (*applied.items(), *self._copied.items()) if mark and mark.sequence]


class HadHere(NamedTuple):
    """All that a region is known to have had: by its own and others' claims and, for its log, by others' copies."""

    here: Region
    origins: Collection[Region]
    claims: Mapping[Region, Known]
    of_own_log: Collection[tuple[Region, Mark]]

    @property
    def history(self) -> int:
        """The latest history of this region that any region knows."""
        return max(known.history for known in self.claims.values())

    def contradictions(self, incarnation: str) -> list[Contradiction]:
        """The events that other regions did not find in this region's log, in the history of `incarnation`."""
        return [
            Contradiction(known.contradicted, by)
            for by, known in self.claims.items()
            if known.contradicted is not None and known.history >= history_of(incarnation)
        ]

    def lacking(self, incarnation: str, vector: Vector) -> dict[Region, Had]:
        """What a projection with `vector`, in `incarnation`, does not reach of it. An origin's highest mark counts."""
        found = [
            (origin, Had(mark.epoch, mark.sequence, by))
            for by, known in self.claims.items()
            for origin, mark in known.lacking(incarnation, vector).items()
            if origin in self.origins and mark.sequence != NOTHING
        ]
        found += [
            (self.here, Had(mark.epoch, mark.sequence, by))
            for by, mark in self.of_own_log
            if not includes(vector, self.here, mark)
        ]
        return dict(sorted(found, key=lambda one: one[1].sequence))
