"""What is put into the log together, and those who wait for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from core.commands import Command, Refusal
from core.events import IdempotencyKey
from core.idempotency import Recorded
from core.positions import Mark, Position, Region
from core.preconditions import UNCONDITIONAL, Preconditions
from core.registers import Fields, Registers
from core.stamps import Clock
from service.writes.tail import TailEvent


class Accepted(NamedTuple):
    """A command's event is in the log: where, and the registers of what it is about, after it."""

    position: Position
    fields: Fields


class Repeated(NamedTuple):
    """The same was asked for before: what the first request became is the answer to this one."""

    first: Recorded


class Stale(Exception):
    """The view that a proposal was made with is older than what the tail remembers, or lacks `unread`. Read again."""

    def __init__(self, unread: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(unread))
        self.unread = unread


Outcome = Accepted | Repeated | Refusal | Stale


@dataclass(eq=False)
class Proposal:
    """A command on its way into the log. `settle` is called once: with what was accepted, or why nothing was.

    `counted` is what its query counted in the state that was read. `idempotency_keys` is how many were kept for its
    holder there. While it is handed to the log, `operation_id` names its place (`core.operations`). `traceparent` goes
    into the log with its event.
    """

    command: Command
    author: str
    vector: dict[Region, Mark]
    clock: Clock
    registers: Registers
    settle: Callable[[Outcome], None]
    preconditions: Preconditions = UNCONDITIONAL
    idempotency_key: IdempotencyKey | None = None
    counted: int = 0
    idempotency_keys: int = 0
    traceparent: str = ""
    operation_id: str = ""
    is_withdrawn: bool = False

    @property
    def is_handed(self) -> bool:
        """Whether its event, or that of the same request before it, is being appended now."""
        return self.operation_id != ""


@dataclass(eq=False)
class Batch:
    """Events decided on everything up to `after`, and those who wait for them.

    By `name` it is told from others for the same place. `layer` is what its events make of registers. `settled_with`
    has those who get no event of their own, and their outcome if the batch lands: it was decided on what is before them
    in it. `is_open` says that an attempt to append it was not answered, so that it may have landed or still land.
    `is_seen` says that it was read in the log.
    """

    after: Mark
    made_at_milliseconds: int
    name: int
    layer: dict[str, dict[str, str]] = field(default_factory=dict)
    entries: list[tuple[str, bytes]] = field(default_factory=list)
    events: list[TailEvent] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    results: list[Fields] = field(default_factory=list)
    settled_with: list[tuple[Proposal, Refusal | Repeated]] = field(default_factory=list)
    is_open: bool = False
    is_seen: bool = False

    @property
    def everybody(self) -> list[Proposal]:
        """All who wait for it, in the order in which they came."""
        return [*self.proposals, *(proposal for proposal, _ in self.settled_with)]

    @property
    def is_told_of(self) -> bool:
        """Whether somebody has given up on it and was told that it may still land."""
        return any(proposal.is_withdrawn and proposal.is_handed for proposal in self.everybody)

    @property
    def is_in_doubt(self) -> bool:
        """Whether it may be in the log, or somebody was told so: it goes on being tried, and its place decides."""
        return self.is_open or self.is_told_of

    def recorded(self, idempotency_key: IdempotencyKey) -> Recorded | None:
        """The first request with that idempotency key, if its event is among these."""
        same = (
            event.recorded
            for event in self.events
            if event.idempotency_key is not None and event.idempotency_key.key == idempotency_key.key
        )
        return next(same, None)

    def idempotency_keys(self, holder: str) -> int:
        """How many idempotency keys of `holder` its events use."""
        return sum(event.idempotency_key is not None and event.key_holder == holder for event in self.events)

    def join(self, proposal: Proposal, first: Recorded, outcome: Repeated | Refusal) -> None:
        """Have `proposal` wait for this batch: `first` in it is the same request, or one with its idempotency key."""
        if isinstance(outcome, Repeated):
            proposal.operation_id = first.operation_id
        self.settled_with.append((proposal, outcome))

    def settle_others(self) -> None:
        """Tell those who get no event of their own."""
        for proposal, outcome in self.settled_with:
            if not proposal.is_withdrawn:
                proposal.settle(outcome)
