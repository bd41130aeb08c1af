"""Compare and append, without the I/O: what goes into the next batch, and what each outcome means. Pure.

One batch is in flight; everything that comes meanwhile goes into the next. A batch is decided on everything
up to its place, and carries that place as its condition: if it lands at all, it lands there.
"""

from collections.abc import Callable

from adapters.batches import BATCH_BYTES_MAX
from core.codec import encode, fingerprint
from core.commands import EventTooLarge, Refusal, RetryKeyReused, RevokeApiKey, TooManyRetryKeys
from core.events import AnyEvent, Envelope, Retry
from core.operations import batch_name, log_code, operation_id
from core.positions import BEGINNING, Epoch, Mark, Position, Region, Sequence
from core.registers import Registers, merge
from core.registry import decide, fields_after, key_about, query_for, seen_by_author
from core.retries import Recorded, holder_of
from core.stamps import render, tick
from core.topology import subject_of
from service.batch import Accepted, Batch, Proposal, Repeated, Stale
from service.lineage import Recognition
from service.set_aside import SetAside
from service.tail import Tail, TailEvent, tail_event


def _never() -> bool:
    return False


class Appending:
    """The queue, the batch in flight, and the tail that both are decided on."""

    def __init__(
        self, origin: Region, epoch: Epoch, start: Mark, *, batch_size: Callable[[int], int], retry_keys_max: int
    ) -> None:
        self._origin = origin
        self._batch_size = batch_size
        self._retry_keys_max = retry_keys_max
        self._queue: dict[Proposal, None] = {}
        self._must_reach = Sequence(0)
        self._code = log_code(origin, epoch)
        self.epoch = epoch
        self.tail = Tail(start)
        self._one_by_one = 0
        self.aside = SetAside()
        self.in_flight: Batch | None = None

    @property
    def is_caught_up(self) -> bool:
        """Whether everything that a refused append showed to be in the log has been read."""
        return self.tail.end.sequence >= self._must_reach

    @property
    def has_work(self) -> bool:
        """Whether somebody waits to be put into a batch, or a batch that was set aside can be tried again."""
        return self.others_wait or bool(self.aside.batches)

    @property
    def others_wait(self) -> bool:
        """Whether somebody waits to be put into a batch."""
        return bool(self._queue)

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits, or a batch is in flight."""
        return self.others_wait or self.in_flight is not None

    def has_lost_place(self, batch: Batch) -> bool:
        """Whether something else was read at the place of `batch`."""
        return self.tail.end.sequence > batch.after.sequence and not batch.is_seen

    def submit(self, proposal: Proposal) -> None:
        """Have `proposal` decided with the next batch; or join the same request, if that is in flight."""
        batch = self.in_flight
        first = None if batch is None or proposal.retry is None else batch.recorded(proposal.retry)
        if batch is None or proposal.retry is None or first is None:
            self._queue[proposal] = None
        else:
            batch.join(proposal, first, repetition(proposal.retry, first))

    def withdraw(self, proposal: Proposal) -> None:
        """Nobody waits for `proposal` any more: do not append it, unless that was tried already."""
        proposal.is_withdrawn = True
        self._queue.pop(proposal, None)

    def recompose(self) -> None:
        """Do not wait any longer to read what took a place: it may never have been stored there after all."""
        self._must_reach = Sequence(0)

    def compose(self, now_milliseconds: int, *, nonce: int, is_enough: Callable[[], bool] = _never) -> Batch | None:
        """Decide what waits, until that `is_enough` for now, and put it in flight. None if nothing comes of it.

        Then whoever was decided on is told already. At least one is, if anybody waits. If nobody does, a batch that was
        set aside is in flight again, as it was.
        """
        if not self._queue and self.aside.batches:
            self.in_flight = self.aside.take()
            return self.in_flight
        name = batch_name(now_milliseconds=now_milliseconds, nonce=nonce)
        batch = Batch(after=self.tail.end, made_at_milliseconds=now_milliseconds, name=name)
        events_max, size = 1 if self._one_by_one else self._batch_size(len(self._queue)), 0
        self._one_by_one = max(0, self._one_by_one - 1)
        while self._queue and len(batch.entries) < events_max and size < BATCH_BYTES_MAX:
            proposal = next(iter(self._queue))
            del self._queue[proposal]
            if proposal.vector.get(self._origin, BEGINNING).sequence < self.tail.floor:
                proposal.settle(Stale())
                continue
            size += self._decide(batch, proposal)
            if is_enough():
                break
        if batch.entries:
            self.in_flight = batch
            return batch
        batch.settle_others()
        return None

    def _decide(self, batch: Batch, proposal: Proposal) -> int:
        """Put `proposal` into `batch`, as an event or as one without. Returns the event's bytes."""
        retry = proposal.retry
        if (
            retry is not None
            and (first := self.tail.recorded(retry, now_milliseconds=batch.made_at_milliseconds)) is not None
        ):
            proposal.settle(repetition(retry, first))
            return 0
        if retry is not None and (first := batch.recorded(retry)) is not None:
            batch.join(proposal, first, repetition(retry, first))
            return 0
        found = self.tail.over(
            query_for(proposal.command),
            proposal.registers,
            batch.layer,
            after=proposal.vector.get(self._origin, BEGINNING).sequence,
            counted=proposal.counted,
        )
        if found.unread:
            proposal.settle(Stale(found.unread))
            return 0
        try:
            event = decide(proposal.command, found.registers, proposal.preconditions, webhooks_count=found.counted)
            self._refuse_too_many_retry_keys(batch, proposal)
        except Refusal as refusal:
            batch.settled_with.append((proposal, refusal))
            return 0
        return self._enter(batch, proposal, event, found.registers)

    def _enter(self, batch: Batch, proposal: Proposal, event: AnyEvent, registers: Registers) -> int:
        """Give `event` its place in `batch`. Returns its bytes."""
        organization_id, now_milliseconds = proposal.command.organization_id, batch.made_at_milliseconds
        sequence = Sequence(batch.after.sequence + len(batch.entries) + 1)
        latest = batch.events[-1].clock if batch.events else self.tail.clock
        proposal.operation_id = operation_id(
            organization_id,
            batch=batch.name,
            log=self._code,
            batch_start=Sequence(batch.after.sequence + 1),
            sequence=sequence,
        )
        key = key_about(organization_id, event)
        fields = registers.get(key, {})
        envelope = Envelope(
            operation_id=proposal.operation_id,
            organization_id=organization_id,
            clock=render(tick(now_milliseconds=now_milliseconds, seen=max(latest, proposal.clock))),
            event=event,
            author=proposal.author,
            retry=proposal.retry,
            seen={} if proposal.retry is None else seen_by_author(event, fields),
        )
        position = Position(self._origin, self.epoch, sequence)
        subject, data = subject_of(self._origin, self.epoch, event), encode(envelope)
        mark = Mark(epoch=self.epoch, sequence=sequence, fingerprint=fingerprint(subject, data))
        batch.entries.append((subject, data))
        batch.events.append(tail_event(envelope, position, mark))
        batch.proposals.append(proposal)
        batch.results.append(fields_after(batch.events[-1].writes, key=key, before=fields))
        merge(batch.layer, batch.events[-1].writes)
        return len(data)

    def _refuse_too_many_retry_keys(self, batch: Batch, proposal: Proposal) -> None:
        """An API key is revoked all the same: at most one record for each key that there was."""
        if proposal.retry is None or isinstance(proposal.command, RevokeApiKey):
            return
        holder = holder_of(proposal.command.organization_id, author=proposal.author)
        since = self.tail.retry_keys(holder, after=proposal.vector.get(self._origin, BEGINNING).sequence)
        if proposal.retry_keys + since + batch.retry_keys(holder) >= self._retry_keys_max:
            raise TooManyRetryKeys(self._retry_keys_max)

    def stored(self, batch: Batch) -> None:
        """The batch is in the log, synced, at its place: everybody in it is told."""
        self._into_tail(batch)
        self.in_flight = None
        self._settle(batch)
        self._decide_set_aside()
        self._settle_seen()

    def never(self, batch: Batch, *, is_place_taken: bool) -> None:
        """The batch is not in the log and cannot land any more: decide again for those who still wait."""
        if is_place_taken:
            self._must_reach = Sequence(batch.after.sequence + 1)
            self._settle_seen()
        self.in_flight = None
        self._put_back(batch.everybody)

    def not_as_a_batch(self, batch: Batch) -> None:
        """Never, for its events are not taken together: decide them again, and append as many one by one."""
        self._one_by_one = len(batch.entries)
        self.never(batch, is_place_taken=False)

    def too_large(self, batch: Batch, why: str) -> None:
        """Never, for the log will not take the one event of `batch`: whoever wants it is told."""
        self.in_flight = None
        proposal, *others = batch.everybody
        self._put_back(others)
        proposal.operation_id = ""
        proposal.settle(EventTooLarge(why))

    def set_aside(self, batch: Batch) -> None:
        """Let others have the place of `batch`, which the log refuses, and which may be in it all the same.

        Whoever is in it waits until something stands at the place: its own events, or others, and then it is never.
        Others must wait: they decide it.
        """
        self.aside.add(batch)
        self.in_flight = None

    def _decide_set_aside(self) -> None:
        """Something stands at the place of what was set aside."""
        for batch in self.aside.lost():
            self._put_back(batch.everybody)

    def _settle_seen(self) -> None:
        for batch in self.aside.stored():
            self._settle(batch)

    def _settle(self, batch: Batch) -> None:
        for proposal, event, fields in zip(batch.proposals, batch.events, batch.results, strict=True):
            proposal.settle(Accepted(Position(self._origin, self.epoch, event.mark.sequence), fields))
        batch.settle_others()

    def _put_back(self, proposals: list[Proposal]) -> None:
        """Decide again, first of all, for those of `proposals` who still wait."""
        for proposal in proposals:
            proposal.operation_id = ""
        self._queue = {proposal: None for proposal in proposals if not proposal.is_withdrawn} | self._queue

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
        is_in_flight = batch is not None and batch.events[0].mark == event.mark
        ours = batch if is_in_flight else self.aside.with_first(event.mark)
        if ours is None:
            self.tail.extend(event)
        else:
            self._into_tail(ours)
        self._decide_set_aside()

    def _into_tail(self, batch: Batch) -> None:
        if not batch.is_seen:
            batch.is_seen = True
            for event in batch.events:
                self.tail.extend(event)


def repetition(retry: Retry, first: Recorded) -> Repeated | RetryKeyReused:
    """What a request with `retry` comes to, after the `first` one with that retry key."""
    return Repeated(first) if retry.payload == first.payload else RetryKeyReused()
