"""Turns: an organization has one expensive request at a time, and the next one waits."""

import asyncio
from weakref import WeakValueDictionary

from service.request.context import Identified
from service.request.errors import NotYetTheirTurn
from service.watermarks.deadlines import Deadlines


class Turns:
    """One turn for each organization, in the order of the requests."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._waited_for: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, request: Identified, deadline: float) -> None:
        """Wait for the turn of the caller's organization, and hold it until the response is sent.

        Until then the response is in memory. Raises `NotYetTheirTurn` at `deadline`.
        """
        lock = self._waited_for.setdefault(request.caller.organization_id, asyncio.Lock())
        try:
            async with self._deadlines.within(deadline):
                await lock.acquire()
        except TimeoutError as error:
            raise NotYetTheirTurn from error
        request.held.hold("turn", lambda _: lock.release())
