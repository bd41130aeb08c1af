"""Waits that always end: with success, at a deadline, or when the process stops."""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from core.positions import Position, Region
from service.watermarks.alarms import Alarms
from service.watermarks.waiters import Waiters


class Deadlines:
    """Every wait of this process. `waiting` counts the requests that wait for watermarks, by the reason."""

    def __init__(self, waiters: Waiters) -> None:
        self._waiters = waiters
        self._closing_at = math.inf
        self._alarms = Alarms()
        self.waiting: Counter[str] = Counter()

    def end_all_at(self, deadline: float) -> None:
        """End every wait at `deadline` (event loop time) at the latest: the process will stop."""
        self._closing_at = deadline
        asyncio.get_running_loop().call_at(deadline, self._alarms.ring_all)

    async def until(self, future: asyncio.Future[Any], deadline: float) -> None:
        """Return when `future` is done, at `deadline`, or when the process stops."""
        if future.done():
            return
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rouse = _Rouse(over)
        future.add_done_callback(rouse)
        moment = self._alarms.add(min(deadline, self._closing_at), rouse)
        try:
            await over
        finally:
            self._alarms.remove(moment, rouse)
            future.remove_done_callback(rouse)

    async def until_seen(self, future: asyncio.Future[Any], deadline: float, *, by: str) -> None:
        """As `until`, and counted in `waiting` under `by`."""
        self.waiting[by] += 1
        try:
            await self.until(future, deadline)
        finally:
            self.waiting[by] -= 1

    async def reach(self, position: Position, regions: Iterable[Region], deadline: float, *, by: str) -> set[Region]:
        """Return once all `regions` have applied `position`; at `deadline` return the regions that have not."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rouse = _Rouse(over)
        waiter = self._waiters.wait(position, regions, rouse)
        if waiter is None:
            return set()
        self.waiting[by] += 1
        moment = self._alarms.add(min(deadline, self._closing_at), rouse)
        try:
            await over
            return set(waiter.pending)
        finally:
            self._alarms.remove(moment, rouse)
            self.waiting[by] -= 1
            if waiter.pending:
                self._waiters.give_up(waiter)

    @asynccontextmanager
    async def within(self, deadline: float) -> AsyncIterator[None]:
        """A context that is left with `TimeoutError` at `deadline`, or when the process stops."""
        async with asyncio.timeout(None) as timeout:

            def rouse() -> None:
                timeout.reschedule(0)

            moment = self._alarms.add(min(deadline, self._closing_at), rouse)
            try:
                yield
            finally:
                self._alarms.remove(moment, rouse)


class _Rouse:
    """Ends one wait. It is also the callback of a future. A `partial` takes three times the memory."""

    __slots__ = ("_over",)

    def __init__(self, over: asyncio.Future[None]) -> None:
        self._over = over

    def __call__(self, _: object = None) -> None:
        if not self._over.done():
            self._over.set_result(None)
