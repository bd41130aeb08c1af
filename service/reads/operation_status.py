"""The status of an operation, from the log and from what the regions have applied."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from core.frames import LoggedEvent
from core.operations import operation_in
from core.positions import Position, Region, Sequence, reaches
from core.preconditions import require
from core.registers import Query
from core.topology import Topology
from service.reads.event_lookup import Absent, EventLookup
from service.reads.session_consistency import SessionConsistency
from service.request.context import ReadRequest
from service.request.errors import OperationExpired
from service.request.shown import Progress, Result
from service.watermarks.waiters import Waiters


class State(StrEnum):
    """The state of an operation. Committed: in the log. Applied: in every region. Never: it will not happen."""

    UNKNOWN = "unknown"
    NEVER = "never"
    COMMITTED = "committed"
    APPLIED = "applied"


class Fate(msgspec.Struct, frozen=True):
    """What is known of an operation: its state, its place, and which regions have applied it."""

    operation_id: str
    state: State
    origin: Region | None = None
    sequence: Sequence | None = None
    applied_in: dict[Region, bool] = msgspec.field(default_factory=dict)


class OperationStatus:
    """What the operations route calls."""

    def __init__(
        self,
        here: Region,
        *,
        topology: Topology,
        session_consistency: SessionConsistency,
        event_lookup: EventLookup,
        waiters: Waiters,
        is_in_doubt: Callable[[], bool],
        now_milliseconds: Callable[[], int],
        hours: int,
    ) -> None:
        """`is_in_doubt` returns whether other regions may have another log of this region."""
        self._here = here
        self._is_in_doubt = is_in_doubt
        self._topology = topology
        self._session_consistency = session_consistency
        self._event_lookup = event_lookup
        self._waiters = waiters
        self._now_milliseconds = now_milliseconds
        self._hours = hours

    async def fate(self, operation_id: str, request: ReadRequest) -> Result[Fate]:
        """The fate of an operation. Another organization's is unknown.

        Raises `Refused`: why is what `SessionConsistency.read` raises, `OperationExpired` or `PreconditionFailed`.
        """
        with Progress(request.asked) as progress:
            fate = await self._fate(operation_id, request, progress)
            require(request.preconditions)
            return progress.result(fate)

    async def _fate(self, operation_id: str, request: ReadRequest, progress: Progress) -> Fate:
        view = await self._session_consistency.read(Query(()), request, progress)
        operation = operation_in(operation_id, request.caller.organization_id)
        if operation is None:
            return Fate(operation_id, State.UNKNOWN)
        if operation.made_at_minutes + 60 * self._hours < self._now_milliseconds() // 60_000:
            raise OperationExpired(operation_id, hours=self._hours)
        found = await self._event_lookup.look_up(operation_id, operation, view.vector, deadline=request.deadline)
        is_of_another_log = isinstance(found, LoggedEvent) and found.position.origin != self._here
        if self._is_in_doubt() and not is_of_another_log:
            return Fate(operation_id, State.UNKNOWN)
        match found:
            case Absent.NOT_YET | Absent.LOST:
                return Fate(operation_id, State.UNKNOWN)
            case Absent.NEVER:
                return Fate(operation_id, State.NEVER)
            case LoggedEvent(position=position):
                applied_in = self._applied_in(position)
                applied_in[self._here] = reaches(view.vector, position) or applied_in[self._here]
                state = State.APPLIED if all(applied_in.values()) else State.COMMITTED
                return Fate(operation_id, state, position.origin, position.sequence, applied_in)

    def _applied_in(self, position: Position) -> dict[Region, bool]:
        regions = sorted(self._topology.waited_for() | {self._here})
        return {region: self._waiters.has_applied(region, position) for region in regions}
