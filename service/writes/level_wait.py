"""Wait until the level that a write asks for is reached, and promise nothing while the log is in doubt."""

import asyncio
from collections.abc import Set as AbstractSet

from core.consistency import Level, regions_needed
from core.positions import Position, Region
from core.topology import Topology
from service.request.context import WriteRequest
from service.request.errors import TimedOut
from service.request.shown import Progress
from service.request.timing import Part
from service.watermarks.deadlines import Deadlines
from service.writes.log_state import LogState


class LevelWait:
    """Waits for the regions that a level needs."""

    def __init__(self, here: Region, *, topology: Topology, log_state: LogState, deadlines: Deadlines) -> None:
        self._here = here
        self._needed = {level: regions_needed(level, here=here, topology=topology) for level in Level}
        self._log_state = log_state
        self._deadlines = deadlines

    async def reach(self, position: Position, request: WriteRequest, progress: Progress) -> None:
        """Return once every region of the requested level has applied `position`. Raises `Refused`: it is `TimedOut`.

        While the log is in doubt, no promise is made. The doubt may end before the deadline.
        """
        wait, needed, reading = request.wait, self._needed[request.wait.level], self._log_state.reading
        with progress:
            with request.timing.during(Part.WAIT):
                pending = await self._deadlines.reach(position, needed, wait.deadline, by=wait.level)
                if self._doubt(position, reading):
                    await self._deadlines.until_seen(_never(), wait.deadline, by=wait.level)
            if doubt := self._doubt(position, reading):
                raise self._timed_out(request, progress, is_committed=False, missing=needed, doubt=doubt)
            if pending:
                raise self._timed_out(request, progress, is_committed=True, missing=pending)

    def unknown(self, request: WriteRequest, progress: Progress) -> TimedOut:
        """The event was handed to the log, which did not answer before the deadline."""
        missing = self._needed[request.wait.level]
        return self._timed_out(request, progress, is_committed=False, missing=missing, doubt=self._log_state.doubt)

    def _doubt(self, position: Position, reading: int) -> str:
        return self._log_state.doubt_since(reading) if position.origin == self._here else ""

    def _timed_out(
        self,
        request: WriteRequest,
        progress: Progress,
        *,
        is_committed: bool,
        missing: AbstractSet[Region],
        doubt: str = "",
    ) -> TimedOut:
        return TimedOut(
            request.wait,
            # The administrator has no key with which an organization's operation could be read.
            operation_id="" if request.caller.is_administrator else progress.operation_id,
            is_committed=is_committed,
            acknowledged=sorted(self._needed[request.wait.level] - missing),
            pending=sorted(missing),
            doubt=doubt,
        )


def _never() -> "asyncio.Future[None]":
    """A future that is never done, so that only the deadline ends the wait for it."""
    return asyncio.get_running_loop().create_future()
