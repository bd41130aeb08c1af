"""Find an operation's event in this region's logs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto

from adapters.errors import LogMissing, Unavailable
from core.codec import Undecodable
from core.frames import LoggedEvent
from core.operations import Operation
from core.positions import Epoch, Region, Vector
from core.stamps import Stamp, place_in, stamp
from service.reads.local_logs import LocalLogs
from service.request.errors import RegionUnavailable
from service.watermarks.deadlines import Deadlines


class Absent(Enum):
    """Why an operation has no event.

    NOT_YET: this region's log has no message at its place, or is not here. NEVER: another batch has its place. LOST: no
    log has its epoch, or the log left that epoch before it.
    """

    NOT_YET = auto()
    NEVER = auto()
    LOST = auto()


class EventLookup:
    """Looks events up in this region's logs."""

    def __init__(self, logs: LocalLogs, deadlines: Deadlines) -> None:
        self._logs = logs
        self._deadlines = deadlines

    async def look_up(
        self, operation_id: str, operation: Operation, vector: Vector, *, deadline: float
    ) -> LoggedEvent | Absent:
        """The event of `operation`, which was read from `operation_id`, before `deadline` (event loop time).

        `vector` belongs to a state that was just read. Raises `RegionUnavailable`.
        """
        async with self._asking(deadline):
            try:
                log = await self._logs.named(operation.log, vector)
            except Unavailable:
                return Absent.NOT_YET  # A log that is not here may have it.
            try:
                return Absent.LOST if log is None else await self._look_up(operation_id, operation, *log)
            except LogMissing:
                return Absent.NOT_YET

    async def event_with(self, wanted: Stamp, *, deadline: float) -> LoggedEvent | None:
        """The event with that stamp, before `deadline`; None if its log is not here or does not have it.

        Raises `RegionUnavailable`.
        """
        place = place_in(wanted, self._logs.origins)
        if place is None:
            return None
        async with self._asking(deadline):
            try:
                events = await self._logs.events_at(*place)
            except LogMissing:
                return None
        return next((event for event in events if stamp(event.envelope.clock, *place) == wanted), None)

    @asynccontextmanager
    async def _asking(self, deadline: float) -> AsyncIterator[None]:
        """A context that turns a log's errors into `RegionUnavailable`, and ends at `deadline`."""
        try:
            async with self._deadlines.within(deadline):
                yield
        except (Unavailable, TimeoutError) as error:
            raise RegionUnavailable("a log of this region does not answer") from error
        except Undecodable as error:
            raise RegionUnavailable("this version does not know the event") from error

    async def _look_up(
        self, operation_id: str, operation: Operation, origin: Region, epoch: Epoch
    ) -> LoggedEvent | Absent:
        """What stands at an operation's place: a frame, of which it is one event, or an older message."""
        events = await self._logs.events_at(origin, operation.sequence)
        if not events:
            return Absent.NOT_YET
        # An older message has one event, whatever its number in its batch was.
        number = operation.number if len(events) > 1 else 0
        if number < len(events) and events[number].operation_id == operation_id:
            return events[number]
        return Absent.NEVER if events[0].position.epoch == epoch else Absent.LOST
