"""Starts requests, a bounded number in each turn of the event loop."""

import asyncio
from collections import deque

STARTS_MAX = 32
"""The most requests that start in one turn. They take about 10 ms.

10,000 requests that arrive together would take seconds in one turn. Meanwhile the process does not receive what Redis
answers, so the calls of the first requests end without an answer. And all of them would be in memory half done.
"""


class Starts:
    """The requests that start, in the order of their arrival."""

    def __init__(self) -> None:
        self._started = 0
        self._later: deque[asyncio.Future[None]] = deque()

    def next(self) -> asyncio.Future[None] | None:
        """What a request waits for before it starts. Nearly always it is None: the request starts now."""
        loop = asyncio.get_running_loop()
        if not self._started:
            loop.call_soon(self._turn)
        if self._started < STARTS_MAX:
            self._started += 1
            return None
        later: asyncio.Future[None] = loop.create_future()
        self._later.append(later)
        return later

    def _turn(self) -> None:
        self._started = 0
        while self._later and self._started < STARTS_MAX:
            later = self._later.popleft()
            if not later.done():  # Its request was not cancelled.
                later.set_result(None)
                self._started += 1
        if self._started:
            asyncio.get_running_loop().call_soon(self._turn)
