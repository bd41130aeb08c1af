"""Events that are appended together, and the proposals that wait for them."""

from collections.abc import Callable, Mapping
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
    """A command's event is in the log at `position`. `fields` are the registers of what it is about, after it."""

    position: Position
    fields: Fields


class Repeated(NamedTuple):
    """The same request came before: this one is answered with the outcome of the first."""

    first: Recorded


class Stale(Exception):
    """The view of a proposal is too old for the tail, or lacks the keys `unread`. Read again."""

    def __init__(self, unread: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(unread))
        self.unread = unread


Outcome = Accepted | Repeated | Refusal | Stale


@dataclass(eq=False)
class Proposal:
    """A command on its way into the log. `settle` is called once, with its outcome.

    `counted` is the count of its query in the state that was read. `idempotency_keys` is how many were kept for its
    holder there. While it is handed to the log, `operation_id` names its place (`core.operations`). `traceparent` goes
    into the log with its event.
    """

    command: Command
    author: str
    vector: Mapping[Region, Mark]
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
        """Whether its event, or the event of the same request before it, is being appended now."""
        return self.operation_id != ""


@dataclass(eq=False)
class Batch:
    """Events decided on everything up to `after`, and the proposals that wait for them.

    `name` distinguishes it from other batches for the same place. `layer` has the registers that its events make.
    `settled_with` has the proposals without an event of their own, each with its outcome if the batch lands: that
    outcome was decided on the events before it in the batch. `is_open` means that an attempt to append was not
    answered: the batch may be in the log, or may still land. `is_seen` means that it was read in the log.
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
    def all_proposals(self) -> list[Proposal]:
        """Every proposal that waits for it: first those with an event, in its order."""
        return [*self.proposals, *(proposal for proposal, _ in self.settled_with)]

    @property
    def is_reported_open(self) -> bool:
        """Whether a request gave up on it and was answered that its event may still land."""
        return any(proposal.is_withdrawn and proposal.is_handed for proposal in self.all_proposals)

    @property
    def is_in_doubt(self) -> bool:
        """Whether it may be in the log, or a request was answered so. It is tried until its place is decided."""
        return self.is_open or self.is_reported_open

    def recorded(self, idempotency_key: IdempotencyKey) -> Recorded | None:
        """The first request with that idempotency key, if its event is in this batch."""
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
        """Make `proposal` wait for this batch, which has `first`: a request with the same idempotency key."""
        if isinstance(outcome, Repeated):
            proposal.operation_id = first.operation_id
        self.settled_with.append((proposal, outcome))

    def settle_others(self) -> None:
        """Settle the proposals without an event of their own."""
        for proposal, outcome in self.settled_with:
            if not proposal.is_withdrawn:
                proposal.settle(outcome)
