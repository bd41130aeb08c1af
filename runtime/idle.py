"""Connections without a request, which end after some time."""

import asyncio
from typing import Protocol


class Connection(Protocol):
    """A connection that can be idle."""

    def end_idle(self) -> None:
        """End it, because it was idle for too long."""


class IdleConnections:
    """The idle connections of one server. Each is ended once it was idle for `seconds`.

    One timer serves all, because the first to become idle is the first to end. A timer for each takes half a kilobyte.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[Connection, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __contains__(self, connection: Connection) -> bool:
        """Whether it is idle."""
        return connection in self._since

    def add(self, connection: Connection) -> None:
        """It is idle from now on."""
        loop = asyncio.get_running_loop()
        self._since.pop(connection, None)
        self._since[connection] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._end_first)

    def remove(self, connection: Connection) -> None:
        """It is not idle any more."""
        self._since.pop(connection, None)

    def _end_first(self) -> None:
        """End those whose time is over, and come back for the next one."""
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._since:
            connection, since = next(iter(self._since.items()))
            left = since + self._seconds - loop.time()
            if left > 0:
                self._timer = loop.call_later(left, self._end_first)
                return
            self.remove(connection)
            connection.end_idle()
