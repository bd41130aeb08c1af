"""Announce to every region how far this one is, according to its Redis."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial

import msgspec

from adapters.announcements import Announcement, announce
from adapters.apply_result import ApplyResult
from adapters.connection import Connection
from adapters.errors import Unavailable
from adapters.projection_state import Had, Required, State
from core.positions import BEGINNING, NOTHING, Mark, Region, Sequence
from replicator import metrics
from replicator.evidence import Evidence
from replicator.log_readers import LogReaders
from replicator.projection_lines import ProjectionLines
from replicator.proof import Proof
from replicator.shortfall import why_not_current
from replicator.status import Status, Step

HEARTBEAT_SECONDS = 0.25
REBUILDING_HEARTBEAT_SECONDS = 0.05
ADVANCE_INTERVAL_SECONDS = 0.002
"""The shortest time between two announcements to a region whose events were applied.

Redis publishes to this region's own services at once. They get such announcements only if none received it.
"""

REPEAT_INTERVAL_SECONDS = 0.02
"""The shortest time between two announcements to this region that repeat what Redis published."""

STANDS_SECONDS = 1.0
"""The time after which an event that no replicator could apply counts as the end of the log. Until then a replicator
of a newer version may still apply it."""

UNSEEN = State(incarnation="", is_current=False, is_required_known=False, vector={})


class Announcer:
    """Keeps this region's vector as Redis has it, and announces it to every region."""

    def __init__(
        self,
        here: Region,
        *,
        proof: Proof,
        evidence: Evidence,
        connections: Mapping[Region, Connection],
        status: Status,
        log_readers: LogReaders,
    ) -> None:
        self._here = here
        self._proof = proof
        self._evidence = evidence
        self._connections = connections
        self._status = status
        self._log_readers = log_readers
        self._state = UNSEEN
        self._vector: dict[Region, Mark] = {}
        self._concerned: set[Region] = set()
        self._advanced = asyncio.Event()
        self._repeated = asyncio.Event()
        self._look = asyncio.Event()
        self._stands_since: dict[tuple[Region, Sequence], float] = {}
        self._lines = ProjectionLines(here)
        self.on_set_back: Callable[[], None] = lambda: None
        self.unreachable = "not looked at yet"

    @property
    def state(self) -> State:
        """The projection as it was last seen."""
        return self._state

    def expose(self, origins: Iterable[Region]) -> None:
        """Bind the gauges of the projection to its live state."""
        metrics.CURRENT.set_function(self.is_current)
        for origin in origins:
            metrics.WATERMARK.labels(origin).set_function(partial(self._applied, origin))
            metrics.REBUILD_MISSING.labels(origin).set_function(partial(self._missing, origin))

    def advanced(self, origin: Region, result: ApplyResult) -> None:
        """Note how far the projection is now."""
        if result.incarnation != self._state.incarnation:
            self._look.set()
            return
        if result.mark.sequence >= self._vector.get(origin, BEGINNING).sequence:
            self._vector[origin] = result.mark
            self._evidence.shown(result.incarnation, {origin: result.mark}, is_current=result.is_current)
        self._lines.published(result.unpublished)
        is_own = origin == self._here
        if is_own is result.is_received_here:
            self._repeated.set()
        if origin in self._connections and not (is_own and result.is_received_here):
            self._concerned.add(origin)
            self._advanced.set()

    def heard(self, announcement: Announcement) -> None:
        """Note another region's announcement, which may show that this projection is not current."""
        self._evidence.heard(announcement, now_seconds=asyncio.get_running_loop().time())
        if announcement.known_of_recipient is not None:
            had = self._evidence.had_by(announcement.region)
            if had.lacking(self._state.incarnation, self._vector):
                self._look.set()

    async def tell_concerned(self) -> None:
        """Announce to the regions whose events were applied: at once, then at most every `ADVANCE_INTERVAL_SECONDS`."""
        while True:
            await self._advanced.wait()
            self._advanced.clear()
            concerned, self._concerned = self._concerned, set()
            await self._tell(concerned)
            await asyncio.sleep(ADVANCE_INTERVAL_SECONDS)

    async def repeat_here(self) -> None:
        """Announce to this region what its services may have missed, at most every `REPEAT_INTERVAL_SECONDS`.

        One of several services may not have received a watermark of this region's log. Of other logs, these are
        watermarks that no service received.
        """
        while True:
            await self._repeated.wait()
            await asyncio.sleep(REPEAT_INTERVAL_SECONDS)
            self._repeated.clear()
            await self._tell([self._here])

    async def beat(self) -> None:
        """Read the state of Redis and announce it every `HEARTBEAT_SECONDS`, and more often during a rebuild."""
        while True:
            # Before the look: a request that arrives during it causes another one.
            self._look.clear()
            try:
                await self._observe()
                self.unreachable = ""
                await self._tell(self._connections, is_heartbeat=True)
            except Unavailable as error:
                self._lines.unreachable(str(error))
                self.unreachable = str(error)
            pause = HEARTBEAT_SECONDS if self._state.is_current else REBUILDING_HEARTBEAT_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._look.wait()

    async def _observe(self) -> None:
        state = await self._proof.look(self._stops_at())
        previous, self._state = self._state, state
        self._lines.seen(state, previous=previous)
        if state.incarnation != previous.incarnation:
            self._vector = {}
            self._stands_since = {}
            # Within an incarnation marks only rise. So this is the only time when they may have gone back. If they went
            # back within an incarnation, the proof has given the projection a new one.
            self.on_set_back()
        self._vector |= {
            origin: mark for origin, mark in state.vector.items() if mark.sequence >= _sequence(self._vector, origin)
        }
        self._evidence.shown(state.incarnation, state.vector, is_current=state.is_current)

    @property
    def tainted(self) -> str:
        """The `maxmemory-policy` under which Redis may have dropped data; `""` if it keeps everything."""
        return self._state.tainted

    @property
    def why_not_current(self) -> str:
        """Why the projection is not current, unless it is only being rebuilt; `""` otherwise."""
        return why_not_current(self._here, self._state)

    def is_current(self) -> bool:
        """Whether the projection is known to be current. An unreachable one is not."""
        return self._state.is_current and not self.unreachable

    def _applied(self, origin: Region) -> Sequence:
        return _sequence(self._vector, origin)

    def _missing(self, origin: Region) -> int:
        """The number of events of `origin` that the projection lacks before it is current."""
        if self._state.is_current:
            return 0
        ends = self._state.required.get(origin), self._state.known.get(origin)
        mark = self._vector.get(origin, BEGINNING)
        return max((_missing(mark, end) for end in ends if end is not None), default=0)

    def _stops_at(self) -> dict[Region, Sequence]:
        """The places where this incarnation's marks have stood for a while, before an event that was not applied."""
        now = asyncio.get_running_loop().time()
        standing = {
            place
            for place in self._status.stops(Step.APPLY).items()
            if place[1] == _sequence(self._state.vector, place[0])
        }
        self._stands_since = {place: self._stands_since.get(place, now) for place in standing}
        return {
            origin: sequence
            for (origin, sequence), since in self._stands_since.items()
            if now >= since + STANDS_SECONDS
        }

    async def _tell(self, regions: Iterable[Region], *, is_heartbeat: bool = False) -> None:
        if not self._state.incarnation:
            return
        waits = self._status.long_waits(
            is_connected=lambda origin: self._connections[origin].is_connected, can_apply=not self._proof.refused
        )
        announcement = Announcement(
            region=self._here,
            incarnation=self._state.incarnation,
            is_current=self._state.is_current,
            vector=dict(self._vector),
            halted=self._status.halted,
            not_connected=[region for region, connection in self._connections.items() if not connection.is_connected],
            refused=self._proof.refused,
            not_current=self.why_not_current,
            reads=self._log_readers.reads,
            waiting={origin: f"{step}: {why}" for (step, origin), why in waits.items()},
        )
        for region in regions:
            if is_heartbeat and region != self._here:
                known = self._evidence.of(region)
                announcement = msgspec.structs.replace(announcement, known_of_recipient=known)
            # The next heartbeat repeats a lost announcement.
            with suppress(Unavailable):
                await announce(self._connections[region].current, announcement)


def _missing(mark: Mark, end: Required | Had) -> int:
    return max(0, end.sequence - (mark.sequence if mark.epoch == end.epoch else NOTHING))


def _sequence(vector: Mapping[Region, Mark], origin: Region) -> Sequence:
    return vector.get(origin, BEGINNING).sequence
