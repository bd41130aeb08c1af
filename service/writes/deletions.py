"""Repeated deletions: each joins the first one until that is applied everywhere."""

from core.commands import Command, DeletedBefore, RevokeApiKey
from core.consistency import regions_needed
from core.frames import LoggedEvent
from core.positions import BEGINNING, Position, Region, Sequence, Vector, reaches
from core.stamps import place_in
from core.topology import Topology
from service.reads.event_lookup import EventLookup
from service.request.context import Wait
from service.request.errors import RegionUnavailable
from service.watermarks.waiters import Waiters


class Deletions:
    """Finds the deletion that a command repeats."""

    def __init__(self, here: Region, *, topology: Topology, event_lookup: EventLookup, waiters: Waiters) -> None:
        self._here = here
        self._topology = topology
        self._event_lookup = event_lookup
        self._waiters = waiters

    async def first(self, before: DeletedBefore, command: Command, vector: Vector, wait: Wait) -> LoggedEvent:
        """The deletion that `command` repeats, if it is to be joined. `vector` belongs to a state that was just read.

        Raises `before.missing` if every region that `wait` asks for has applied that deletion. A revocation is always
        joined, except that of another organization's key. Raises `RegionUnavailable`.
        """
        place = place_in(before.stamp, self._topology.regions)
        if place is None:
            raise before.missing
        if not isinstance(command, RevokeApiKey) and self._holds(*place, vector, wait):
            raise before.missing
        found = await self._event_lookup.event_with(before.stamp, deadline=wait.deadline)
        if found is None:
            raise RegionUnavailable("this region's log lacks a deletion that the region has applied")
        if found.envelope.organization_id != command.organization_id:
            raise before.missing
        return found

    def _holds(self, origin: Region, sequence: Sequence, vector: Vector, wait: Wait) -> bool:
        """Whether the event at that place is known to be applied in every region that `wait` asks for."""
        position = Position(origin, vector.get(origin, BEGINNING).epoch, sequence)
        elsewhere = regions_needed(wait.level, here=self._here, topology=self._topology) - {self._here}
        holds_here = reaches(vector, position)
        return holds_here and all(self._waiters.has_applied(region, position) for region in elsewhere)
