"""Find an operation's event in this region's logs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import NamedTuple

from adapters.errors import LogMissing, Unavailable
from core.codec import Undecodable, decode
from core.events import Envelope
from core.operations import Operation, operation_in
from core.positions import Epoch, Position, Region, Sequence, Vector
from core.stamps import Stamp, place_in, stamp
from core.subjects import epoch_in
from service.reads.local_logs import LocalLogs
from service.request.errors import RegionUnavailable
from service.watermarks.deadlines import Deadlines


class Absent(Enum):
    """Why an operation has no event.

    NOT_YET: this region's log has no event at its place, or is not here. NEVER: another batch has its place. LOST: no
    log has its epoch, or the log left that epoch before it.
    """

    NOT_YET = auto()
    NEVER = auto()
    LOST = auto()


class Found(NamedTuple):
    """An operation's event, and its position."""

    position: Position
    envelope: Envelope


class EventLookup:
    """Looks events up in this region's logs."""

    def __init__(self, logs: LocalLogs, deadlines: Deadlines) -> None:
        self._logs = logs
        self._deadlines = deadlines

    async def look_up(
        self, operation_id: str, operation: Operation, vector: Vector, *, deadline: float
    ) -> Found | Absent:
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

    async def event_with(self, wanted: Stamp, *, deadline: float) -> Found | None:
        """The event with that stamp, before `deadline`; None if its log is not here or does not have it.

        Raises `RegionUnavailable`.
        """
        place = place_in(wanted, self._logs.origins)
        if place is None:
            return None
        async with self._asking(deadline):
            try:
                found = await self._event_at(*place)
            except LogMissing:
                return None
        is_it = found is not None and stamp(found.envelope.clock, *place) == wanted
        return found if is_it else None

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

    async def _look_up(self, operation_id: str, operation: Operation, origin: Region, epoch: Epoch) -> Found | Absent:
        found = await self._event_at(origin, operation.sequence)
        if found is None:
            return await self._whose_place(origin, epoch, operation)
        if found.envelope.operation_id == operation_id:
            return found
        return Absent.NEVER if found.position.epoch == epoch else Absent.LOST

    async def _whose_place(self, origin: Region, epoch: Epoch, operation: Operation) -> Absent:
        """Why the log has no event at an operation's place yet: perhaps its batch has lost its place before.

        While a batch is being stored, its first events can be read before its last.
        """
        if operation.batch_start == operation.sequence:
            return Absent.NOT_YET
        first = await self._event_at(origin, operation.batch_start)
        if first is None:
            return Absent.NOT_YET
        if first.position.epoch != epoch:
            return Absent.LOST
        other = operation_in(first.envelope.operation_id, first.envelope.organization_id)
        is_ours = other is not None and other.batch == operation.batch
        return Absent.NOT_YET if is_ours else Absent.NEVER

    async def _event_at(self, origin: Region, sequence: Sequence) -> Found | None:
        event = await self._logs.event_at(origin, sequence)
        if event is None:
            return None
        return Found(Position(origin, epoch_in(event.subject), sequence), decode(event.data))
