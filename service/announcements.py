"""The announcements of the regions as this process hears them, and its own health."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Protocol

from adapters.announcements import Announcement, keep_listening
from adapters.connection import Connection
from adapters.watermark_channel import Published
from core.positions import BEGINNING, NOTHING, Region, Sequence, Vector
from core.subjects import FORMS
from core.topology import Topology
from runtime.health import Health, NotReady
from service.watermarks.acknowledgements import Acknowledgements
from service.watermarks.heard import Heard
from service.watermarks.waiters import Waiters
from service.writes.log_state import LogState
from service.writes.log_writer import LogWriter

SILENCE_SECONDS = 3.0
"""How long this region's replicators may be silent, as during a replacement, before this process is not ready."""

OUTLIVED_SECONDS = 2.0
"""How long an incarnation must be silent before the one that it superseded, if still announced, counts again.

A late announcement from before a restart of Redis could otherwise be mistaken for a new one.
"""

UNREAD_SECONDS = 1.0
"""How long all announcements of a region must say that it reads a form. Its replicators announce at least each 250 ms,
and one may know of a process that another one does not know of."""

STALLED_SECONDS = 3.0
"""How long events of this region's own log may wait with none applied, before this process is not ready."""


class Answering(Protocol):
    """Reports whether this region's Redis answers, and executes commands."""

    @property
    def unanswered(self) -> str:
        """Why the last command had no answer; `""` if it had one."""

    @property
    def refused(self) -> str:
        """Why it answers but refuses commands; `""` if it executes them."""


class Announcements:
    """Every region's announcements, believed as far as they agree with this region's log."""

    def __init__(
        self,
        here: Region,
        *,
        topology: Topology,
        connection: Connection,
        projection: Answering,
        log_state: LogState,
        writer: LogWriter,
        waiters: Waiters,
        acknowledgements: Acknowledgements,
        outdated: Callable[[], Mapping[str, str]],
    ) -> None:
        self._here = here
        self._topology = topology
        self._connection = connection
        self._projection = projection
        self._log_state = log_state
        self._writer = writer
        self._waiters = waiters
        self._acknowledgements = acknowledgements
        self._outdated = outdated
        self._latest: dict[Region, Announcement] = {}
        self._heard_at: dict[Region, float] = {}
        self._ahead: Published | None = None
        self._unread_at: dict[tuple[Region, str], float] = {}
        self._applied_to = NOTHING
        self._applied_at = monotonic()
        self.is_draining = False
        log_state.on_read = self._look_again

    async def keep_listening(self) -> None:
        """Listen to every region's announcements, on one session after the other, until cancelled."""
        await keep_listening(self._connection, self.heard)

    def heard(self, announcement: Announcement) -> None:
        """Process an announcement."""
        region, now = announcement.region, monotonic()
        if region not in self._topology.regions:
            return
        self._unread_at |= {(region, form): now for form in FORMS if form not in announcement.reads}
        if self._waiters.is_superseded(region, announcement.incarnation):
            if now <= self._heard_at[region] + OUTLIVED_SECONDS:
                return
            self._waiters.believe_again(region, announcement.incarnation)
        self._heard_at[region] = now
        self._latest[region] = announcement
        self._announced(announcement)

    def published(self, watermark: Published) -> None:
        """Process a watermark that this region's Redis published when it was applied.

        It counts only in the incarnation that this region's replicators announced last, and never makes it current. So
        a late message, one of another Redis, or one of an incarnation that is not proved changes nothing.
        """
        latest, origin = self._latest.get(self._here), watermark.origin
        if latest is None or watermark.incarnation != latest.incarnation or origin not in self._topology.regions:
            return
        self._take_in(self._here, watermark.incarnation, {origin: watermark.mark}, is_current=False)
        if origin == self._here:
            self._ahead = watermark if self._here in self._log_state.forks.ahead else None

    def _look_again(self) -> None:
        """Examine marks again after more of this region's log was read: those that were ahead may be recognized now."""
        for region in self._log_state.forks.ahead:
            self._announced(self._latest[region])
        if self._ahead is not None:
            self.published(self._ahead)

    def _announced(self, announcement: Announcement) -> None:
        region, incarnation = announcement.region, announcement.incarnation
        self._take_in(region, incarnation, announcement.vector, is_current=announcement.is_current)

    def _take_in(self, region: Region, incarnation: str, vector: Vector, *, is_current: bool) -> None:
        believed = dict(vector)
        ours = believed.get(self._here)
        if ours is not None and not self._log_state.forks.is_believed(region, ours):
            del believed[self._here]
        self._waiters.heard(region, incarnation, believed, is_current=is_current)
        if region == self._here:
            self._applied(self._waiters.watermark(self._here, self._here).sequence)
        self._acknowledgements.heard(region, now_seconds=monotonic())

    def _applied(self, sequence: Sequence) -> None:
        """Record how far this region's own log is applied, and when that last advanced or was all of it."""
        self._log_state.applied(sequence)
        if sequence != self._applied_to or not self._log_state.unapplied:
            self._applied_to, self._applied_at = sequence, monotonic()

    def why_not_read(self, form: str) -> str:
        """The regions that do not announce that all of their processes read one of `FORMS`, in words; `""` if all do.

        All of a region's replicators must announce it. A region that is not heard now counts as it was last heard.
        """
        expected = {self._here, *self._topology.others(self._here)}
        silent = sorted(region for region in expected if not self._reads(region, form))
        return f"not announced to read {FORMS[form]}: {', '.join(silent)}" if silent else ""

    def _reads(self, region: Region, form: str) -> bool:
        latest, unread_at = self._latest.get(region), self._unread_at.get((region, form))
        is_unread = unread_at is not None and monotonic() <= unread_at + UNREAD_SECONDS
        return latest is not None and form in latest.reads and not is_unread

    def health(self) -> Health:
        """Ready means: this region's log can be written to, and its projection is current and can be read."""
        latest = self._latest.get(self._here)
        not_ready = {}
        if not self._connection.is_connected:
            not_ready[NotReady.NATS] = f"NATS of {self._here}: {self._connection.why_not}"
        elif self._writer.why_not:
            not_ready[NotReady.HALTED if self._log_state.alarm else NotReady.LOG] = self._writer.why_not
        if self._projection.unanswered:
            not_ready[NotReady.REDIS] = f"Redis of {self._here}: {self._projection.unanswered}"
        elif refused := self._refused():
            not_ready[NotReady.UNWRITABLE] = f"Redis of {self._here} to take writes: {refused}"
        elif latest is None or not latest.is_current or not self._is_heard(self._here):
            why = "" if latest is None else latest.not_current
            not_ready[NotReady.PROJECTION] = (
                why or f"a replicator of {self._here} to report that the projection is current"
            )
        elif lacking := self._waiters.lacking(self._here):
            not_ready[NotReady.PROJECTION] = f"the projection of {self._here} to catch up again: {_up_to(lacking)}"
        elif stalled := self._stalled(latest):
            not_ready[NotReady.PROJECTION] = f"the projection to apply this region's log: {stalled}"
        halted = {} if latest is None else {str(origin): why for origin, why in latest.halted.items()}
        if self._log_state.alarm:
            halted[self._here] = self._log_state.alarm
        return Health(
            region=self._here,
            not_ready=not_ready,
            halted=halted,
            is_draining=self.is_draining,
            waits=[] if latest is None or not_ready else _in_words(latest.waiting),
            outdated=self._outdated(),
        )

    def _stalled(self, latest: Announcement) -> str:
        """Why waiting events of this region's own log are not applied, in words; `""` if they are."""
        unapplied = self._log_state.unapplied
        if not unapplied or monotonic() <= self._applied_at + STALLED_SECONDS:
            return ""
        why = latest.halted.get(self._here) or latest.waiting.get(self._here) or "its replicators report no reason"
        return f"{unapplied} events wait; {why}"

    def _is_heard(self, region: Region) -> bool:
        return monotonic() <= self._heard_at.get(region, 0.0) + SILENCE_SECONDS

    def _refused(self) -> str:
        """Why this region's Redis takes no writes, as reported to this process or to a replicator, the only writer."""
        told = self._latest[self._here].refused if self._is_heard(self._here) else ""
        return self._projection.refused or told

    def heard_of(self) -> dict[Region, Heard]:
        """Each region's last announcement, whether this region's log confirms it or not."""
        return {
            region: Heard(
                at_seconds=self._heard_at[region],
                vector=self._highest(announcement),
                is_current=announcement.is_current,
                halted=announcement.halted,
                not_connected=announcement.not_connected,
                waiting=announcement.waiting,
                refused=announcement.refused,
            )
            for region, announcement in self._latest.items()
        }

    def _highest(self, announcement: Announcement) -> Vector:
        """The highest mark counts: of several replicators in a region, one may be behind."""
        believed = {origin: self._waiters.watermark(announcement.region, origin) for origin in self._topology.regions}
        return {
            origin: max(mark, announcement.vector.get(origin, BEGINNING), key=lambda mark: mark.sequence)
            for origin, mark in believed.items()
        }


def _in_words(waiting: Mapping[Region, str]) -> list[str]:
    """The waits of this region's replicators, in words. Replicators report the step and, after a colon, the reason."""
    parted = ((origin, *text.partition(": ")) for origin, text in waiting.items())
    return [f"a replicator to {step} {origin}: {why}" for origin, step, _, why in parted]


def _up_to(marks: Vector) -> str:
    return ", ".join(f"{origin} up to {mark.sequence}" for origin, mark in marks.items())
