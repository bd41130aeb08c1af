"""Compare and append, without the I/O: what goes into the next batch, and what each outcome means. Pure.

One batch is in flight; everything that comes meanwhile goes into the next. A batch is decided on everything
up to its place, and carries that place as its condition: if it lands at all, it lands there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.batches import BATCH_BYTES_MAX
from core.codec import encode, fingerprint
from core.commands import Command, Refusal
from core.events import Envelope
from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from core.registers import Fields, Registers, merge
from core.registry import decide, query_for, writes_of
from core.stamps import Clock, render, tick
from core.topology import subject_of
from core.webhooks import webhook_key
from service.lineage import Recognition
from service.tail import Tail, TailEvent


class Accepted(NamedTuple):
    """A command's event is in the log: where, and the registers of the webhook that it was about, after it."""

    position: Position
    fields: Fields


@dataclass(eq=False)
class Proposal:
    """A command on its way into the log. `settle` is called once: with what was accepted, or why nothing was."""

    command: Command
    operation_id: str
    vector: dict[Region, Mark]
    clock: Clock
    registers: Registers
    settle: Callable[["Accepted | Refusal | Stale"], None]
    is_handed: bool = False
    is_withdrawn: bool = False


class Stale(Exception):
    """The view that a proposal was made with is older than what the tail remembers. Read again."""


@dataclass(eq=False)
class Batch:
    """Events decided on everything up to `after`, and those who wait for them.

    `is_open` says that an attempt to append it was not answered, so that it may have landed or still land.
    `is_seen` says that it was read in the log.
    """

    after: Mark
    entries: list[tuple[str, bytes]] = field(default_factory=list)
    events: list[TailEvent] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    results: list[Fields] = field(default_factory=list)
    refused: list[tuple[Proposal, Refusal]] = field(default_factory=list)
    is_open: bool = False
    is_seen: bool = False


class Appending:
    """The queue, the batch in flight, and the tail that both are decided on."""

    def __init__(self, origin: Region, epoch: Epoch, start: Mark, *, batch_size: Callable[[int], int]) -> None:
        self._origin = origin
        self._batch_size = batch_size
        self._queue: dict[Proposal, None] = {}
        self._must_reach = Sequence(0)
        self.epoch = epoch
        self.tail = Tail(start)
        self.in_flight: Batch | None = None

    @property
    def is_caught_up(self) -> bool:
        """Whether everything that a refused append showed to be in the log has been read."""
        return self.tail.end.sequence >= self._must_reach

    @property
    def has_work(self) -> bool:
        """Whether somebody waits to be put into a batch."""
        return bool(self._queue)

    def submit(self, proposal: Proposal) -> None:
        """Have `proposal` decided with the next batch."""
        self._queue[proposal] = None

    def withdraw(self, proposal: Proposal) -> None:
        """Nobody waits for `proposal` any more: do not append it, unless that was tried already."""
        proposal.is_withdrawn = True
        self._queue.pop(proposal, None)

    def recompose(self) -> None:
        """Do not wait any longer to read what took a place: it may never have been stored there after all."""
        self._must_reach = Sequence(0)

    def compose(self, now_milliseconds: int) -> Batch | None:
        """Decide what waits and put it in flight. None if nothing comes of it: then everybody is told already.

        A refusal is decided on what is before it in the same batch, so it waits for the batch's outcome.
        """
        batch = Batch(after=self.tail.end)
        layer: dict[str, dict[str, str]] = {}
        events_max, size = self._batch_size(len(self._queue)), 0
        while self._queue and len(batch.entries) < events_max and size < BATCH_BYTES_MAX:
            proposal = next(iter(self._queue))
            del self._queue[proposal]
            if proposal.vector.get(self._origin, BEGINNING).sequence < self.tail.floor:
                proposal.settle(Stale())
                continue
            size += self._decide(batch, proposal, layer, now_milliseconds)
        if batch.entries:
            self.in_flight = batch
            return batch
        self._settle_refused(batch)
        return None

    def _decide(self, batch: Batch, proposal: Proposal, layer: dict[str, dict[str, str]], now_milliseconds: int) -> int:
        """Put `proposal` into `batch`, as an event or as refused. Returns the event's bytes."""
        registers = self.tail.over(query_for(proposal.command), proposal.registers, layer)
        try:
            event = decide(proposal.command, registers)
        except Refusal as refusal:
            batch.refused.append((proposal, refusal))
            return 0
        latest = batch.events[-1].clock if batch.events else self.tail.clock
        clock = tick(now_milliseconds=now_milliseconds, seen=max(latest, proposal.clock))
        envelope = Envelope(
            operation_id=proposal.operation_id,
            organization_id=proposal.command.organization_id,
            clock=render(clock),
            event=event,
        )
        sequence = Sequence(batch.after.sequence + len(batch.entries) + 1)
        writes = writes_of(envelope, Position(self._origin, self.epoch, sequence))
        merge(layer, writes)
        key = webhook_key(envelope.organization_id, event.webhook_id)
        after = {key: dict(registers.get(key, {}))}
        merge(after, writes)
        subject, data = subject_of(self._origin, self.epoch, event), encode(envelope)
        mark = Mark(epoch=self.epoch, sequence=sequence, fingerprint=fingerprint(subject, data))
        batch.entries.append((subject, data))
        batch.events.append(TailEvent(mark, clock, writes))
        batch.proposals.append(proposal)
        batch.results.append(after[key])
        proposal.is_handed = True
        return len(data)

    def stored(self, batch: Batch) -> None:
        """The batch is in the log, synced, at its place: everybody in it is told."""
        self._into_tail(batch)
        self.in_flight = None
        for proposal, event, fields in zip(batch.proposals, batch.events, batch.results, strict=True):
            proposal.settle(Accepted(Position(self._origin, self.epoch, event.mark.sequence), fields))
        self._settle_refused(batch)

    def never(self, batch: Batch, *, is_place_taken: bool) -> None:
        """The batch is not in the log and cannot land any more: decide again for those who still wait."""
        if is_place_taken:
            self._must_reach = Sequence(batch.after.sequence + 1)
        self.in_flight = None
        again = [*batch.proposals, *(proposal for proposal, _ in batch.refused)]
        for proposal in again:
            proposal.is_handed = False
        first = {proposal: None for proposal in again if not proposal.is_withdrawn}
        self._queue = first | self._queue

    def recognize(self, mark: Mark) -> Recognition:
        """What a mark of this log, that somebody else has, is to what was read of it here."""
        if mark.epoch != self.epoch:
            return Recognition.FOREIGN
        if mark.sequence > self.tail.end.sequence:
            return Recognition.AHEAD
        known = self.tail.mark_at(mark.sequence)
        if known is None:
            return Recognition.TOO_OLD
        return Recognition.OURS if known == mark else Recognition.FOREIGN

    def observed(self, event: TailEvent) -> None:
        """An event was read from the log: one of ours, or what somebody else appended."""
        if event.mark.sequence <= self.tail.end.sequence:
            return
        batch = self.in_flight
        if batch is not None and batch.events[0].mark == event.mark:
            self._into_tail(batch)
        else:
            self.tail.extend(event)

    def _into_tail(self, batch: Batch) -> None:
        if not batch.is_seen:
            batch.is_seen = True
            for event in batch.events:
                self.tail.extend(event)

    def _settle_refused(self, batch: Batch) -> None:
        for proposal, refusal in batch.refused:
            if not proposal.is_withdrawn:
                proposal.settle(refusal)
