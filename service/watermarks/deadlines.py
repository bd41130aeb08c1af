"""Waits that always end: with success, at a deadline, or when the process stops."""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from core.positions import Position, Region
from service.watermarks.waiters import Waiters


class Deadlines:
    """Every wait of this process. `waiting` counts the requests that wait for watermarks, by the reason."""

    def __init__(self, waiters: Waiters) -> None:
        self._waiters = waiters
        self._closing_at = math.inf
        self._open: set[Callable[[], None]] = set()
        self.waiting: Counter[str] = Counter()

    def end_all_at(self, deadline: float) -> None:
        """End every wait at `deadline` (event loop time) at the latest: the process will stop."""
        self._closing_at = deadline
        for rouse in self._open:
            asyncio.get_running_loop().call_at(deadline, rouse)

    async def until(self, future: asyncio.Future[Any], deadline: float) -> None:
        """Return when `future` is done, at `deadline`, or when the process stops."""
        if future.done():
            return
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rouse = partial(_settle, over)
        future.add_done_callback(rouse)
        try:
            await self._end_in_time(over, rouse, deadline)
        finally:
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
        rouse = partial(_settle, over)
        waiter = self._waiters.wait(position, regions, rouse)
        if waiter is None:
            return set()
        self.waiting[by] += 1
        try:
            await self._end_in_time(over, rouse, deadline)
            return set(waiter.pending)
        finally:
            self.waiting[by] -= 1
            if waiter.pending:
                self._waiters.give_up(waiter)

    async def _end_in_time(self, over: "asyncio.Future[None]", rouse: Callable[[], None], deadline: float) -> None:
        """Return once `rouse` has settled `over`. It is called at `deadline`, and when the process stops."""
        timer = asyncio.get_running_loop().call_at(min(deadline, self._closing_at), rouse)
        self._open.add(rouse)
        try:
            await over
        finally:
            self._open.discard(rouse)
            timer.cancel()

    @asynccontextmanager
    async def within(self, deadline: float) -> AsyncIterator[None]:
        """A context that is left with `TimeoutError` at `deadline`, or when the process stops."""
        async with asyncio.timeout_at(min(deadline, self._closing_at)) as timeout:

            def rouse() -> None:
                if rouse in self._open and not timeout.expired():
                    timeout.reschedule(0)

            self._open.add(rouse)
            try:
                yield
            finally:
                self._open.discard(rouse)


def _settle(over: "asyncio.Future[None]", _: object = None) -> None:
    if not over.done():
        over.set_result(None)
