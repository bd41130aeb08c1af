"""This region's logs, looked at where an operation's event is, if it is anywhere."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from adapters.errors import LogMissing, Unavailable
from adapters.event_log import EventLog
from core.codec import Undecodable, decode
from core.events import Envelope
from core.operations import Operation, operation_in
from core.positions import NOTHING, Position, Region, Sequence
from core.stamps import origin_code
from core.topology import epoch_in
from service.views import RegionUnavailable


class Absent(Enum):
    """Why there is no event of an operation. `NOT_YET`: its place is free. `NEVER`: its batch's place is another's."""

    NOT_YET = auto()
    NEVER = auto()


class Found(NamedTuple):
    """An operation's event, and where it is."""

    position: Position
    envelope: Envelope


class History:
    """The logs that this region has: its own, and its copies of the others'."""

    def __init__(self, logs: Mapping[Region, EventLog]) -> None:
        self._logs = logs
        self._origins = {origin_code(origin): origin for origin in logs}

    async def look_up(self, operation_id: str, operation: Operation) -> Found | Absent:
        """The event of the operation with that id, which says what `operation` is. Raises `RegionUnavailable`."""
        origin = self._origins.get(operation.origin_code)
        if origin is None:
            return Absent.NOT_YET
        found = await self._event_at(origin, operation.sequence)
        if found is None:
            return await self._whose_place(origin, operation)
        return found if found.envelope.operation_id == operation_id else Absent.NEVER

    async def _whose_place(self, origin: Region, operation: Operation) -> Absent:
        """What it means that the log has nothing yet at an operation's place: its batch may have lost its own before.

        A batch that is just being stored may show its first events before its last.
        """
        if operation.batch_start >= operation.sequence:
            return Absent.NOT_YET
        first = await self._event_at(origin, operation.batch_start)
        if first is None:
            return Absent.NOT_YET
        other = operation_in(first.envelope.operation_id, first.envelope.organization_id)
        is_ours = other is not None and other.batch == operation.batch
        return Absent.NOT_YET if is_ours else Absent.NEVER

    async def _event_at(self, origin: Region, sequence: Sequence) -> Found | None:
        if sequence == NOTHING:
            return None
        try:
            event = await self._logs[origin].event_at(sequence)
            envelope = None if event is None else decode(event.data)
        except LogMissing:
            return None
        except Unavailable as error:
            raise RegionUnavailable(f"this region's log of {origin} does not answer") from error
        except Undecodable as error:
            raise RegionUnavailable(f"event {sequence} of {origin} is none that is known here") from error
        if event is None or envelope is None:
            return None
        return Found(Position(origin, epoch_in(event.subject), sequence), envelope)
