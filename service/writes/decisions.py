"""Turn each proposal of a batch into an event, the outcome of its first request, or a refusal. Pure."""

from core.commands import IdempotencyKeyReused, Refusal, RevokeApiKey, TooManyIdempotencyKeys
from core.decider import decide, query_for
from core.events import AnyEvent, Envelope, IdempotencyKey
from core.frames import LoggedEvent
from core.idempotency import Recorded, holder_of
from core.operations import log_code, operation_id
from core.positions import BEGINNING, Epoch, Position, Region, Sequence
from core.projection import fields_after, key_about, seen_by_author
from core.registers import Registers, merge
from core.stamps import render
from service.writes.batch import Batch, Proposal, Repeated, Stale
from service.writes.tail import Tail


class Decisions:
    """Decides on the whole state of a region: the view of the proposal, the tail, and the batch so far."""

    def __init__(self, origin: Region, epoch: Epoch, tail: Tail, *, idempotency_keys_max: int) -> None:
        self._origin = origin
        self._epoch = epoch
        self._tail = tail
        self._code = log_code(origin, epoch)
        self._idempotency_keys_max = idempotency_keys_max

    def decide(self, batch: Batch, proposal: Proposal) -> None:
        """Put `proposal` into `batch`, with or without an event, or settle it."""
        after = self._origin_in(proposal)
        if after < self._tail.floor:
            proposal.settle(Stale())
            return
        idempotency_key = proposal.idempotency_key
        if (
            idempotency_key is not None
            and (first := self._tail.recorded(idempotency_key, now_milliseconds=batch.made_at_milliseconds)) is not None
        ):
            proposal.settle(repetition(idempotency_key, first))
            return
        if idempotency_key is not None and (first := batch.recorded(idempotency_key)) is not None:
            batch.join(proposal, first, repetition(idempotency_key, first))
            return
        found = self._tail.over(
            query_for(proposal.command),
            proposal.registers,
            batch.layer,
            after=after,
            counted=proposal.counted,
        )
        if found.unread:
            proposal.settle(Stale(found.unread))
            return
        try:
            event = decide(proposal.command, found.registers, proposal.preconditions, webhooks_count=found.counted)
            self._refuse_too_many_idempotency_keys(batch, proposal)
        except Refusal as refusal:
            batch.settled_with.append((proposal, refusal))
            return
        self._enter(batch, proposal, event, found.registers)

    def _enter(self, batch: Batch, proposal: Proposal, event: AnyEvent, registers: Registers) -> None:
        """Give `event` its place in `batch`."""
        organization_id, number, sequence = proposal.command.organization_id, len(batch.events), batch.next_sequence
        proposal.operation_id = operation_id(
            organization_id, batch=batch.name, log=self._code, number=number, sequence=sequence
        )
        key = key_about(organization_id, event)
        fields = registers.get(key, {})
        envelope = Envelope(
            operation_id=proposal.operation_id,
            organization_id=organization_id,
            clock=render(batch.next_clock),
            event=event,
            author=proposal.author,
            idempotency_key=proposal.idempotency_key,
            seen={} if proposal.idempotency_key is None else seen_by_author(event, fields),
        )
        position = Position(self._origin, self._epoch, sequence)
        added = batch.add(proposal, LoggedEvent(position, number, envelope, batch.name))
        batch.results.append(fields_after(added.writes, key=key, before=fields))
        merge(batch.layer, added.writes)

    def _refuse_too_many_idempotency_keys(self, batch: Batch, proposal: Proposal) -> None:
        """A revocation is never refused: it adds at most one record for each API key that was issued."""
        if proposal.idempotency_key is None or isinstance(proposal.command, RevokeApiKey):
            return
        holder = holder_of(proposal.command.organization_id, author=proposal.author)
        since = self._tail.idempotency_keys(holder, after=self._origin_in(proposal))
        if proposal.idempotency_keys + since + batch.idempotency_keys(holder) >= self._idempotency_keys_max:
            raise TooManyIdempotencyKeys(self._idempotency_keys_max)

    def _origin_in(self, proposal: Proposal) -> Sequence:
        """The last event of this log that the view of `proposal` includes."""
        return proposal.vector.get(self._origin, BEGINNING).sequence


def repetition(idempotency_key: IdempotencyKey, first: Recorded) -> Repeated | IdempotencyKeyReused:
    """The outcome of a request whose `idempotency_key` the `first` one used before."""
    return Repeated(first) if idempotency_key.payload == first.payload else IdempotencyKeyReused()
