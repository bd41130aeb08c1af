"""Session consistency: a read shows everything that the caller's token names."""

import asyncio

from adapters.projection import View
from core.consistency import BY_TOKEN
from core.positions import BEGINNING, Position, Region, Vector, reaches
from core.registers import Query
from core.stamps import origin_code
from core.tokens import Place
from core.topology import RegionState, Topology
from service.reads.local_logs import DESCRIBED_SECONDS, LocalLogs
from service.reads.projection import ProjectionReader
from service.request.context import ReadRequest
from service.request.errors import NotSeenInTime, WriteLost
from service.request.shown import Progress
from service.request.timing import Part
from service.watermarks.deadlines import Deadlines


class SessionConsistency:
    """Reads that wait, if they must, until this region has applied what the caller has seen."""

    def __init__(
        self,
        here: Region,
        *,
        topology: Topology,
        projection_reader: ProjectionReader,
        logs: LocalLogs,
        deadlines: Deadlines,
    ) -> None:
        self._here = here
        self._projection_reader = projection_reader
        self._logs = logs
        self._origins = {origin_code(origin): origin for origin in topology.regions}
        self._retired = {origin for origin, config in topology.regions.items() if config.state is RegionState.RETIRED}
        self._deadlines = deadlines

    async def read(self, query: Query, request: ReadRequest, progress: Progress) -> View:
        """What `query` finds in a state that has everything that the request's token names.

        `progress` takes in every state that was looked at.
        Raises `NotSeenInTime` at the deadline, `WriteLost`, and what `ProjectionReader.read` does.
        """
        view = await self._projection_reader.read(query, request, deadline=request.deadline)
        progress.saw(view.vector)
        while missing := await self._missing(view.vector, request):
            with request.timing.during(Part.WAIT):
                for position in missing:
                    if await self._deadlines.reach(position, {self._here}, request.deadline, by=BY_TOKEN):
                        raise NotSeenInTime([position.origin], timeout_seconds=request.timeout_seconds)
            await asyncio.sleep(0)
            view = await self._projection_reader.read(query, request, deadline=request.deadline)
            progress.saw(view.vector)
        progress.is_caught_up = True
        return view

    async def _missing(self, vector: Vector, request: ReadRequest) -> list[Position]:
        """The positions here of what the token names and a state with `vector` lacks."""
        places = [
            await self._place_here(code, place, vector, request)
            for code, place in request.asked.items()
            if not self._has(vector, code, place)
        ]
        return [position for position in places if not reaches(vector, position)]

    def _has(self, vector: Vector, code: str, place: Place) -> bool:
        """Whether a state with `vector` has the event at `place`, in its epoch. A retired origin counts as applied."""
        origin = self._origins.get(code)
        mark = BEGINNING if origin is None else vector.get(origin, BEGINNING)
        return origin in self._retired or (mark.epoch == place.epoch and mark.sequence >= place.sequence)

    async def _place_here(self, code: str, place: Place, vector: Vector, request: ReadRequest) -> Position:
        """The position here of the event that stood at `place`. Raises `WriteLost`, `NotSeenInTime`.

        An epoch that the log here does not know may be a later one: it is waited for. So is a region that is not
        configured here: during a roll-out the next process may know it.
        """
        origin = self._origins.get(code)
        if origin is None:
            await self._deadlines.until_seen(asyncio.get_running_loop().create_future(), request.deadline, by=BY_TOKEN)
            raise NotSeenInTime(
                [f"a region that is not configured here ({code})"], timeout_seconds=request.timeout_seconds
            )
        if vector.get(origin, BEGINNING).epoch == place.epoch:
            return Position(origin, place.epoch, place.sequence)
        try:
            async with self._deadlines.within(request.deadline):
                while True:
                    log = await self._logs.describe(origin)
                    if log is not None and log.has_lost(place.epoch, place.sequence):
                        raise WriteLost(origin)
                    if log is not None and log.keeps(place.epoch, place.sequence):
                        return Position(origin, log.epoch, place.sequence)
                    await asyncio.sleep(DESCRIBED_SECONDS)
        except TimeoutError as error:
            raise NotSeenInTime([origin], timeout_seconds=request.timeout_seconds) from error
