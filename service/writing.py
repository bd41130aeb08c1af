"""The path of a write: read, decide, append, wait."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import msgspec

from adapters.projection import View
from core.commands import Command, Refusal
from core.consistency import Level, regions_needed
from core.positions import BEGINNING, Position, Region
from core.registers import Fields
from core.registry import query_for
from core.topology import Topology
from service.appending import Accepted, Proposal, Stale
from service.identifiers import new_identifier
from service.log_writer import LogWriter, NothingAppended
from service.views import RegionUnavailable, Views
from service.waiting import Waiting


class Wait(msgspec.Struct, frozen=True):
    """How long to wait for what. `deadline` is in the event loop's time, counted from the request's arrival."""

    level: Level
    timeout_seconds: int
    deadline: float


class TimedOut(Exception):
    """The deadline came first. The event, if it is in the log or lands there yet, goes on to every region."""

    def __init__(self, wait: Wait, *, is_committed: bool, acknowledged: list[Region], pending: list[Region]) -> None:
        super().__init__(", ".join(pending))
        self.wait = wait
        self.is_committed = is_committed
        self.acknowledged = acknowledged
        self.pending = pending


class Writing:
    """What the write routes call."""

    def __init__(
        self,
        *,
        here: Region,
        topology: Topology,
        views: Views,
        writer: LogWriter,
        waiting: Waiting,
        append_seconds: float,
    ) -> None:
        self._here = here
        self._topology = topology
        self._views = views
        self._writer = writer
        self._waiting = waiting
        self._append_seconds = append_seconds
        self._closing_at = math.inf
        self._open_waits: set[Callable[[], None]] = set()

    def end_waits_at(self, deadline: float) -> None:
        """Have every wait end at `deadline` (the event loop's time) at the latest: the process is going to stop."""
        self._closing_at = deadline
        for rouse in self._open_waits:
            asyncio.get_running_loop().call_at(deadline, rouse)

    async def write(self, command: Command, wait: Wait) -> Fields:
        """Append what `command` decides, and return the webhook's registers once `wait.level` is reached.

        Raises a `Refusal`, `RegionUnavailable`, `TimedOut`.
        """
        operation_id = new_identifier()
        while True:
            view = await self._views.read(query_for(command), deadline=wait.deadline)
            try:
                accepted = await self._append(command, operation_id, view, wait)
            except Stale:
                continue
            await self._reach(accepted.position, wait)
            return accepted.fields

    async def _append(self, command: Command, operation_id: str, view: View, wait: Wait) -> Accepted:
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[Accepted] = loop.create_future()
        proposal = Proposal(
            command=command,
            operation_id=operation_id,
            vector=view.vector,
            clock=view.clock,
            registers=view.registers,
            settle=_settling(settled),
        )
        try:
            self._writer.applied(view.vector.get(self._here, BEGINNING).sequence)
            self._writer.submit(proposal)
        except NothingAppended as error:
            raise RegionUnavailable(f"this region's log cannot take events: {error}") from error
        await self._until(settled, min(wait.deadline, loop.time() + self._append_seconds))
        if not settled.done() and proposal.is_handed:
            await self._until(settled, wait.deadline)
        if settled.done():
            return settled.result()
        self._writer.withdraw(proposal)
        if proposal.is_handed:
            raise self._timed_out(wait, is_committed=False, missing=self._needed(wait))
        raise RegionUnavailable("this region's log does not take events, or not fast enough")

    async def _reach(self, position: Position, wait: Wait) -> None:
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = self._waiting.wait(position, self._needed(wait), lambda: reached.set_result(None))
        if waiter is None:
            return
        try:
            await self._until(reached, wait.deadline)
            if not reached.done():
                raise self._timed_out(wait, is_committed=True, missing=waiter.pending)
        finally:
            if waiter.pending:
                self._waiting.give_up(waiter)

    async def _until(self, future: asyncio.Future[Any], deadline: float) -> None:
        """Return when `future` is done, at `deadline`, or when the process must answer everybody."""
        if future.done():
            return
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()

        def rouse(_: object = None) -> None:
            if not over.done():
                over.set_result(None)

        timer = loop.call_at(min(deadline, self._closing_at), rouse)
        future.add_done_callback(rouse)
        self._open_waits.add(rouse)
        try:
            await over
        finally:
            self._open_waits.discard(rouse)
            future.remove_done_callback(rouse)
            timer.cancel()

    def _needed(self, wait: Wait) -> frozenset[Region]:
        return regions_needed(wait.level, here=self._here, topology=self._topology)

    def _timed_out(self, wait: Wait, *, is_committed: bool, missing: "set[Region] | frozenset[Region]") -> TimedOut:
        return TimedOut(
            wait,
            is_committed=is_committed,
            acknowledged=sorted(self._needed(wait) - missing),
            pending=sorted(missing),
        )


def _settling(future: asyncio.Future[Accepted]) -> Callable[[Accepted | Refusal | Stale], None]:
    def settle(outcome: Accepted | Refusal | Stale) -> None:
        if future.done():
            return
        if isinstance(outcome, Accepted):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)

    return settle
