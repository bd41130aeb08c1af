"""This region's logs, looked at where an operation's event is, if it is anywhere."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from adapters.errors import LogMissing, Unavailable
from adapters.event_log import EventLog
from core.codec import Undecodable, decode
from core.events import Envelope
from core.operations import Operation
from core.positions import Position, Region
from core.stamps import origin_code
from core.topology import epoch_in
from service.views import RegionUnavailable


class Absent(Enum):
    """Why there is no event of an operation. `NOT_YET`: its place is empty. `NEVER`: another event has its place."""

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

    def origin_of(self, code: str) -> Region | None:
        """The origin with that code, or None if there is none here."""
        return self._origins.get(code)

    async def look_up(self, operation_id: str, operation: Operation) -> Found | Absent:
        """The event of the operation with that id, which says what `operation` is. Raises `RegionUnavailable`."""
        origin = self.origin_of(operation.origin_code)
        if origin is None:
            return Absent.NOT_YET
        try:
            event = await self._logs[origin].event_at(operation.sequence)
            if event is None:
                return Absent.NOT_YET
            envelope = decode(event.data)
        except LogMissing:
            return Absent.NOT_YET
        except Unavailable as error:
            raise RegionUnavailable(f"this region's log of {origin} does not answer") from error
        except Undecodable as error:
            raise RegionUnavailable(f"event {operation.sequence} of {origin} is none that is known here") from error
        if envelope.operation_id != operation_id:
            return Absent.NEVER
        return Found(Position(origin, epoch_in(event.subject), event.sequence), envelope)
