"""Read this region's projection for a caller, or raise an error that callers understand."""

import asyncio
from collections.abc import Callable

from adapters.errors import NotCurrent, Unavailable
from adapters.projection import Projection, View
from core.api_keys import api_key_key, authenticate
from core.known_marks import KnownMarks
from core.positions import Region
from core.registers import Query
from service.request.concurrency_limit import ConcurrencyLimit
from service.request.context import Caller, Identified
from service.request.errors import RegionUnavailable
from service.request.timing import Part


class ProjectionReader:
    """Reads the projection of `here`. Each read shows everything that the region was known to have before it."""

    def __init__(
        self,
        here: Region,
        *,
        projection: Projection,
        concurrency_limit: ConcurrencyLimit,
        known: KnownMarks,
        now_milliseconds: Callable[[], int],
        on_use: Callable[[Caller, View], None],
    ) -> None:
        self._here = here
        self._projection = projection
        self._concurrency_limit = concurrency_limit
        self._known = known
        self._now_milliseconds = now_milliseconds
        self._on_use = on_use

    async def read(self, query: Query, request: Identified, *, deadline: float | None = None) -> View:
        """What `query` finds in a current projection, before `deadline` (event loop time), if the caller may see it.

        The caller's key is checked in the same step: a state in which it is revoked, or a time at which it is expired,
        shows nothing. Raises `RegionUnavailable`, `Unauthenticated`, `Forbidden`, `TooManyInFlight`.
        """
        self._concurrency_limit.enter(request)
        credentials = request.caller.credentials
        keys = () if credentials is None else (api_key_key(credentials.key_id),)
        with request.timing.during(Part.READ):
            view = await self._read(query._replace(keys=(*query.keys, *keys)), deadline)
        if credentials is not None:
            authenticate(
                credentials,
                request.caller.organization_id,
                view.registers,
                scope=request.scope,
                now_milliseconds=self._now_milliseconds(),
            )
            request.held.is_proven = True
            self._concurrency_limit.let_in(request)
            self._on_use(request.caller, view)
        return view

    async def _read(self, query: Query, deadline: float | None) -> View:
        known = self._known.of(self._here)
        try:
            async with asyncio.timeout_at(deadline):
                view = await self._projection.read(query)
        except NotCurrent as error:
            raise RegionUnavailable(f"this region's {error}") from error
        except (Unavailable, TimeoutError) as error:
            raise RegionUnavailable("this region's projection does not answer") from error
        if known.lacking(view.incarnation, view.vector):
            raise RegionUnavailable("this region's projection lost data and is being rebuilt")
        self._known.shown(self._here, view.incarnation, view.vector, is_current=True)
        return view
