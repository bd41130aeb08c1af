"""What this region's projection shows, or an error that callers understand."""

import asyncio

from adapters.errors import NotCurrent, Unavailable
from adapters.projection import Projection, View
from core.registers import Query


class RegionUnavailable(Exception):
    """The region cannot take the request now, and nothing was handed to its log."""


class Views:
    """Reads of one projection."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    async def read(self, query: Query, *, deadline: float | None = None) -> View:
        """What `query` finds, current, before `deadline` in the event loop's time. Raises `RegionUnavailable`."""
        try:
            async with asyncio.timeout_at(deadline):
                return await self._projection.read(query)
        except NotCurrent as error:
            raise RegionUnavailable(f"this region's {error}") from error
        except (Unavailable, TimeoutError) as error:
            raise RegionUnavailable("this region's projection does not answer") from error
