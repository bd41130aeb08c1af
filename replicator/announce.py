"""Announce: tell every region how far this one is, from what its Redis says."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial

import msgspec

from adapters.announcements import Announcement, announce
from adapters.connection import Connection
from adapters.errors import Unavailable
from adapters.projection import ApplyResult
from adapters.projection_state import Had, Required, State
from core.positions import BEGINNING, NOTHING, Mark, Region, Sequence
from replicator import metrics
from replicator.evidence import Evidence
from replicator.projection_lines import ProjectionLines
from replicator.proof import Proof
from replicator.shortfall import why_not_current
from replicator.status import Status, Step

HEARTBEAT_SECONDS = 0.25
REBUILDING_HEARTBEAT_SECONDS = 0.05
ADVANCE_INTERVAL_SECONDS = 0.002
"""At most so often a region hears that its events were applied; what comes meanwhile goes along with the next."""

BYSTANDER_INTERVAL_SECONDS = 0.02
"""At most so often the other regions hear it: nobody there waits for these events' acknowledgement."""

STANDS_SECONDS = 1.0
"""So long a mark stands at an event that nobody could apply before that counts as all there is: a replicator that
knows the event would have moved it on."""

UNSEEN = State(incarnation="", is_current=False, is_required_known=False, vector={})


class Announcer:
    """This region's vector, kept from Redis and told to all."""

    def __init__(
        self,
        here: Region,
        *,
        proof: Proof,
        evidence: Evidence,
        connections: Mapping[Region, Connection],
        status: Status,
    ) -> None:
        self._here = here
        self._proof = proof
        self._evidence = evidence
        self._connections = connections
        self._status = status
        self._state = UNSEEN
        self._vector: dict[Region, Mark] = {}
        self._concerned: set[Region] = set()
        self._advanced = asyncio.Event()
        self._advanced_for_all = asyncio.Event()
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
        """Have the metrics of where the projection is say what is so whenever they are asked."""
        metrics.CURRENT.set_function(self._is_current)
        for origin in origins:
            metrics.WATERMARK.labels(origin).set_function(partial(self._applied, origin))
            metrics.REBUILD_MISSING.labels(origin).set_function(partial(self._missing, origin))

    def advanced(self, origin: Region, result: ApplyResult) -> None:
        """Take in where the projection has got to."""
        if result.incarnation != self._state.incarnation:
            self._look.set()
            return
        if result.mark.sequence >= self._vector.get(origin, BEGINNING).sequence:
            self._vector[origin] = result.mark
            self._evidence.shown(result.incarnation, {origin: result.mark}, is_current=result.is_current)
        if origin in self._connections:
            self._concerned.add(origin)
        self._advanced.set()
        self._advanced_for_all.set()

    def heard(self, announcement: Announcement) -> None:
        """Take in what another region announces. What it knows of this one may take currency away at once."""
        self._evidence.heard(announcement, now_seconds=asyncio.get_running_loop().time())
        if announcement.known_of_recipient is not None and self._evidence.had().lacking(
            self._state.incarnation, self._vector
        ):
            self._look.set()

    async def tell_concerned(self) -> None:
        """Tell the regions whose events were applied at once, then at most every `ADVANCE_INTERVAL_SECONDS`."""
        while True:
            await self._advanced.wait()
            self._advanced.clear()
            concerned, self._concerned = self._concerned, set()
            await self._tell(concerned)
            await asyncio.sleep(ADVANCE_INTERVAL_SECONDS)

    async def tell_bystanders(self) -> None:
        """Tell everybody that something was applied, at most every `BYSTANDER_INTERVAL_SECONDS`."""
        while True:
            await self._advanced_for_all.wait()
            await asyncio.sleep(BYSTANDER_INTERVAL_SECONDS)
            self._advanced_for_all.clear()
            await self._tell(self._connections)

    async def beat(self) -> None:
        """Look at Redis and announce what it says, every `HEARTBEAT_SECONDS` (more often while it is rebuilt)."""
        while True:
            # Before looking: what is to be looked at meanwhile is looked at next.
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
            # Marks only ever go up within an incarnation: this is the one time when they may have gone back. Where they
            # did without a change of incarnation, the proof has given it another.
            self.on_set_back()
        self._vector |= {
            origin: mark for origin, mark in state.vector.items() if mark.sequence >= _sequence(self._vector, origin)
        }
        self._evidence.shown(state.incarnation, state.vector, is_current=state.is_current)

    @property
    def tainted(self) -> str:
        """The `maxmemory-policy` under which Redis may have dropped what it held; `""` where it may not."""
        return self._state.tainted

    @property
    def why_not_current(self) -> str:
        """Why the projection is not current, if more is wrong than that it is being rebuilt; `""` otherwise."""
        return why_not_current(self._here, self._state)

    def _is_current(self) -> bool:
        """Of one that cannot be looked at that is not known."""
        return self._state.is_current and not self.unreachable

    def _applied(self, origin: Region) -> Sequence:
        return _sequence(self._vector, origin)

    def _missing(self, origin: Region) -> int:
        """How many events of `origin` are still to be applied before the projection is current."""
        if self._state.is_current:
            return 0
        ends = self._state.required.get(origin), self._state.known.get(origin)
        mark = self._vector.get(origin, BEGINNING)
        return max((_missing(mark, end) for end in ends if end is not None), default=0)

    def _stops_at(self) -> dict[Region, Sequence]:
        """The places where the marks of this incarnation have stood for a while, before an event nobody could apply."""
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
            waiting={origin: f"{step}: {why}" for (step, origin), why in waits.items()},
        )
        for region in regions:
            if is_heartbeat and region != self._here:
                known = self._evidence.of(region)
                announcement = msgspec.structs.replace(announcement, known_of_recipient=known)
            # What is lost on the way, the next heartbeat says again.
            with suppress(Unavailable):
                await announce(self._connections[region].current, announcement)


def _missing(mark: Mark, end: Required | Had) -> int:
    return max(0, end.sequence - (mark.sequence if mark.epoch == end.epoch else NOTHING))


def _sequence(vector: Mapping[Region, Mark], origin: Region) -> Sequence:
    return vector.get(origin, BEGINNING).sequence
