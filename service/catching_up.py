"""Reading a state that is at least as new as a token says."""

import asyncio
from collections.abc import Mapping

from adapters.errors import LogMissing, Unavailable
from adapters.event_log import EventLog
from adapters.projection import View
from core.positions import BEGINNING, Position, Region, Vector, reaches
from core.registers import Query
from core.stamps import origin_code
from core.tokens import Place
from service.patience import BY_TOKEN, Patience
from service.quota import Quota
from service.requests import Part, ReadRequest
from service.views import Views

LOOK_AGAIN_SECONDS = 0.25
"""How often it is looked again where no announcement says when: for a log that is not here yet, or does not answer."""


class NotSeenInTime(Exception):
    """The deadline came before this region had applied what the token names of the origins in `missing`."""

    def __init__(self, missing: list[str], *, timeout_seconds: int) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing
        self.timeout_seconds = timeout_seconds


class WriteLost(Exception):
    """The token names an event of an origin that a restore of its log lost."""

    def __init__(self, origin: Region) -> None:
        super().__init__(origin)
        self.origin = origin


class CatchingUp:
    """Reads that wait, where they must, until this region has caught up with what the caller has seen."""

    def __init__(
        self, here: Region, *, views: Views, logs: Mapping[Region, EventLog], patience: Patience, quota: Quota
    ) -> None:
        self._here = here
        self._views = views
        self._logs = logs
        self._origins = {origin_code(origin): origin for origin in logs}
        self._patience = patience
        self._quota = quota

    async def read(self, query: Query, request: ReadRequest) -> View:
        """What `query` finds in a state that has all that the request's token names.

        Raises `NotSeenInTime` at the deadline, `WriteLost`, `TooManyWaiting`, and what `Views.read` does.
        """
        caller = request.caller
        view = await self._views.read(query, caller)
        if self._has_all(view.vector, request):
            return view
        with self._quota.place_of(caller.organization_id):
            while True:
                missing = await self._missing(view.vector, request)
                if missing:
                    with caller.exchange.during(Part.WAIT):
                        await self._wait_for(missing, request)
                    view = await self._views.read(query, caller)
                if not missing or self._has_all(view.vector, request):
                    return view

    def _has_all(self, vector: Vector, request: ReadRequest) -> bool:
        """Whether `vector` has what the token names, by its own epochs: what need not be looked into."""
        return all(self._has(vector, code, place) for code, place in request.caller.exchange.asked.items())

    def _has(self, vector: Vector, code: str, place: Place) -> bool:
        mark = vector.get(self._origins[code], BEGINNING) if code in self._origins else BEGINNING
        return mark.epoch == place.epoch and mark.sequence >= place.sequence

    async def _missing(self, vector: Vector, request: ReadRequest) -> list[Position | str]:
        """What of the token a state with `vector` lacks: positions, and names of what there is no position of yet."""
        found = []
        for code, place in request.caller.exchange.asked.items():
            if not self._has(vector, code, place):
                found.append(await self._place_here(vector, code, place))
        return [one for one in found if isinstance(one, str) or not reaches(vector, one)]

    async def _place_here(self, vector: Vector, code: str, place: Place) -> Position | str:
        """Where this region has, or will have, what stood at `place`. Raises `WriteLost`."""
        origin = self._origins.get(code)
        if origin is None:
            return f"a region that is not configured here ({code})"
        if vector.get(origin, BEGINNING).epoch == place.epoch:
            return Position(origin, place.epoch, place.sequence)
        try:
            log = await self._logs[origin].describe()
        except (LogMissing, Unavailable):
            return origin
        if not log.keeps(place.epoch, place.sequence):
            raise WriteLost(origin)
        return Position(origin, log.epoch, place.sequence)

    async def _wait_for(self, missing: list[Position | str], request: ReadRequest) -> None:
        """Return once what is missing may be here. Raises `NotSeenInTime`."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for one in missing:
            if isinstance(one, Position):
                await self._patience.reach(one, {self._here}, request.deadline, by=BY_TOKEN)
        if loop.time() < began + LOOK_AGAIN_SECONDS and any(isinstance(one, str) for one in missing):
            look_again_at = min(request.deadline, began + LOOK_AGAIN_SECONDS)
            await self._patience.until_seen(loop.create_future(), look_again_at, by=BY_TOKEN)
        if loop.time() >= request.deadline or self._patience.is_over:
            names = [one if isinstance(one, str) else one.origin for one in missing]
            raise NotSeenInTime(names, timeout_seconds=request.timeout_seconds)
        await asyncio.sleep(0)
