"""Decide whether this region's projection is current. It is not if it lacks an event that the region had."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress

import structlog

from adapters.errors import Incomplete, LogMissing, Unavailable
from adapters.event_log import EventLog
from adapters.projection import Projection
from adapters.projection_state import Contradiction, Had, State
from core.known_marks import history_of
from core.positions import BEGINNING, Mark, Region, Sequence
from replicator.evidence import Evidence, HadHere

log = structlog.get_logger()

OTHERS_SECONDS = 2.0
"""The longest time that a new incarnation waits for the other regions' knowledge of this region: eight heartbeats.
After it a region that cannot be reached is left out, since a region must work alone."""

COPY_SECONDS = 1.0
"""The longest time for the answer of another region's copy of this region's log."""


class Proof:
    """Compares the projection with everything that the region is known to have had."""

    def __init__(
        self,
        here: Region,
        *,
        projection: Projection,
        local_logs: Mapping[Region, EventLog],
        copies: Mapping[Region, EventLog],
        must_exist: Collection[Region],
        evidence: Evidence,
    ) -> None:
        self._here = here
        self._projection = projection
        self._local_logs = local_logs
        self._copies = copies
        self._must_exist = must_exist
        self._evidence = evidence
        self._incarnation = ""
        self._since = 0.0

    @property
    def refused(self) -> str:
        """Why this region's Redis takes no writes; `""` if it does."""
        return self._projection.refused

    async def look(self, stops_at: Mapping[Region, Sequence]) -> State:
        """The state of the projection. It is current only if it lacks no known event. Raises `Unavailable`."""
        # First the evidence: announcements that arrive while Redis answers may be about events applied after its
        # answer.
        had = self._evidence.had()
        state = await self._projection.observe(stops_at=stops_at)
        if state.incarnation:
            state = await self._hold_against(had, state)
        return state if state.is_required_known else await self._prove(state)

    async def _hold_against(self, had: HadHere, state: State) -> State:
        if had.history > history_of(state.incarnation):
            await self._projection.begin(history=had.history)
            return await self._projection.observe()
        for contradicted in (state.contradicted, *had.contradictions(state.incarnation)):
            if contradicted is not None and await self._is_settled(contradicted):
                log.info("rebuild", why=f"the log of {self._here} is again the one that {contradicted.by} knows")
                await self._projection.rebuild(state.incarnation)
                return await self._projection.observe()
        if state.contradicted is not None:
            return state
        lacking = had.lacking(state.incarnation, state.vector)
        contradicted = await self._contradiction()
        is_news = any(_is_beyond(one, state.known.get(origin)) for origin, one in lacking.items())
        if contradicted is None and not is_news:
            return state
        await self._projection.remember(state.incarnation, lacking, contradicted)
        return await self._projection.observe()

    async def _is_settled(self, contradicted: Contradiction) -> bool:
        """Whether the log has the event again, or the other region no longer has it.

        Then what is known may be about the events of another log.
        """
        own = self._local_logs[self._here]
        if await _has(own, contradicted.mark):
            return True
        applied, copy = self._evidence.applied_by(contradicted.by), self._copies.get(contradicted.by)
        if applied is None or copy is None or not await _has(own, applied):
            return False
        return await _has(copy, contradicted.mark) is False

    async def _contradiction(self) -> Contradiction | None:
        """An event of this region's log that another region has, if the log itself has another event there."""
        for region, mark in self._evidence.unverified():
            found = None
            with suppress(Unavailable, LogMissing):
                found = await self._local_logs[self._here].event_at(mark.sequence)
            if found is None:
                if (other := await self._on_another_branch(region)) is not None:
                    return Contradiction(other, region)
                continue
            # With another epoch the projection lacks it, and cannot be current.
            if found.mark().epoch != mark.epoch:
                continue
            if found.mark() != mark:
                return Contradiction(mark, region)
            self._evidence.verified(region)
        return None

    async def _on_another_branch(self, region: Region) -> Mark | None:
        """The event of the copy in `region` at the place where this region's log ends, if it is another event.

        If it is the same, the projection lacks what that region has. It is current once the log has that too.
        """
        with suppress(Unavailable, LogMissing, Incomplete, TimeoutError):
            async with asyncio.timeout(COPY_SECONDS):
                end = await self._local_logs[self._here].end()
                other = await self._copies[region].event_at(end.sequence) if end.sequence else None
            if other is not None and other.mark().epoch == end.epoch and other.mark() != end:
                return other.mark()
        return None

    async def _prove(self, state: State) -> State:
        """Set what a new incarnation must reach, once the other regions have announced what they know or time is up."""
        incarnation, now = (
            await self._projection.begin(history=self._evidence.had().history),
            asyncio.get_running_loop().time(),
        )
        if incarnation != self._incarnation:
            self._incarnation, self._since = incarnation, now
            self._evidence.verify_again()
            return await self._projection.observe()
        if self._evidence.silent(since=self._since) and now < self._since + OTHERS_SECONDS:
            return state
        ends, _ = await asyncio.gather(self._ends(), self._ask_copies())
        state = await self._hold_against(self._evidence.had(), state)
        await self._projection.require(incarnation, ends)
        return await self._projection.observe()

    async def _ends(self) -> dict[Region, Mark]:
        ends = await asyncio.gather(*(self._end(origin, event_log) for origin, event_log in self._local_logs.items()))
        return dict(zip(self._local_logs, ends, strict=True))

    async def _end(self, origin: Region, event_log: EventLog) -> Mark:
        """Where a log ends now. With an older end the projection would count as current too early.

        A missing log in `must_exist` was lost or has not arrived yet. Until it exists, the marks that the projection
        must reach are not known.
        """
        try:
            info = await event_log.ascertain()
        except LogMissing as error:
            if origin in self._must_exist:
                raise Unavailable(f"this region has no log of {origin} yet") from error
            return BEGINNING
        return Mark(info.epoch, info.last_sequence, "")

    async def _ask_copies(self) -> None:
        """Ask every reachable region where its copy of this region's log ends."""
        ends = await asyncio.gather(*(_end_of(copy) for copy in self._copies.values()))
        self._evidence.copied({region: end for region, end in zip(self._copies, ends, strict=True) if end.sequence})


async def _has(event_log: EventLog, mark: Mark) -> bool | None:
    """Whether a log has the event of `mark`. None if the log does not answer."""
    with suppress(Unavailable, LogMissing, TimeoutError):
        async with asyncio.timeout(COPY_SECONDS):
            found = await event_log.event_at(mark.sequence)
        return found is not None and found.mark() == mark
    return None


async def _end_of(copy: EventLog) -> Mark:
    with suppress(Unavailable, LogMissing, Incomplete, TimeoutError):
        async with asyncio.timeout(COPY_SECONDS):
            return await copy.end()
    return BEGINNING


def _is_beyond(had: Had, known: Had | None) -> bool:
    return known is None or had.epoch != known.epoch or had.sequence > known.sequence
