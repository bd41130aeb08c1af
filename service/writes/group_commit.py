"""Group commit, without I/O: it composes the next batch, and handles each outcome. Pure.

One batch is in flight. Every proposal that arrives meanwhile goes into the next one. A batch is decided on all
events before its place, and that place is its condition: if it lands at all, it lands there.
"""

from collections.abc import Callable

from core.commands import EventTooLarge
from core.operations import batch_name
from core.positions import Epoch, Mark, Position, Region, Sequence
from core.stamps import Clock, tick
from service.writes.batch import Accepted, Batch, Form, Proposal
from service.writes.decisions import Decisions, repetition
from service.writes.fork_detection import Recognition
from service.writes.set_aside import SetAside
from service.writes.tail import Tail, TailMessage


def _never() -> bool:
    return False


class GroupCommit:
    """The queue, the batch in flight, and the tail that both are decided on."""

    def __init__(self, origin: Region, epoch: Epoch, start: Mark, *, idempotency_keys_max: int) -> None:
        self._origin = origin
        self._queue: dict[Proposal, None] = {}
        self._must_reach = Sequence(0)
        self.epoch = epoch
        self.tail = Tail(start)
        self._decisions = Decisions(origin, epoch, self.tail, idempotency_keys_max=idempotency_keys_max)
        self._one_by_one = 0
        self.aside = SetAside()
        self.in_flight: Batch | None = None

    @property
    def is_caught_up(self) -> bool:
        """Whether everything that a refused append showed to be in the log has been read."""
        return self.tail.end.sequence >= self._must_reach

    @property
    def has_work(self) -> bool:
        """Whether a proposal waits for a batch, or a batch that was set aside can be tried again."""
        return self.others_wait or bool(self.aside.batches)

    @property
    def others_wait(self) -> bool:
        """Whether a proposal waits to be put into a batch."""
        return bool(self._queue)

    @property
    def is_waited_for(self) -> bool:
        """Whether a proposal waits, or a batch is in flight."""
        return self.others_wait or self.in_flight is not None

    def has_lost_place(self, batch: Batch) -> bool:
        """Whether another event was read at the place of `batch`."""
        return self.tail.end.sequence > batch.after.sequence and not batch.is_seen

    def submit(self, proposal: Proposal) -> None:
        """Decide `proposal` with the next batch, or join it to the same request that is in flight."""
        batch = self.in_flight
        first = None if batch is None or proposal.idempotency_key is None else batch.recorded(proposal.idempotency_key)
        if batch is None or proposal.idempotency_key is None or first is None:
            self._queue[proposal] = None
        else:
            batch.join(proposal, first, repetition(proposal.idempotency_key, first))

    def withdraw(self, proposal: Proposal) -> None:
        """No request waits for `proposal` any more: do not append it, unless that was tried already."""
        proposal.is_withdrawn = True
        self._queue.pop(proposal, None)

    def recompose(self) -> None:
        """Wait no longer to read the event that took a place: perhaps it was never stored there."""
        self._must_reach = Sequence(0)

    def compose(
        self, now_milliseconds: int, *, nonce: int, form: Form, is_enough: Callable[[], bool] = _never
    ) -> Batch | None:
        """Decide waiting proposals until `is_enough`, and put the batch in flight. None if no event results.

        At least one proposal is decided, if any waits. If none results in an event, all of them are settled already.
        If none waits, a batch that was set aside is in flight again, unchanged.
        """
        if not self._queue and self.aside.batches:
            self.in_flight = self.aside.take()
            return self.in_flight
        name = batch_name(now_milliseconds=now_milliseconds, nonce=nonce)
        if self._one_by_one:
            form, self._one_by_one = form._replace(events_max=1), self._one_by_one - 1
        elif len(self._queue) <= form.one_by_one_max:
            form = form._replace(events_max=1)
        batch = Batch(
            after=self.tail.end,
            made_at_milliseconds=now_milliseconds,
            name=name,
            form=form,
            clock=tick(now_milliseconds=now_milliseconds, seen=self._latest_seen()),
        )
        while self._queue and not batch.is_full:
            proposal = next(iter(self._queue))
            del self._queue[proposal]
            self._decisions.decide(batch, proposal)
            if is_enough():
                break
        if batch.events:
            batch.seal()
            self.in_flight = batch
            return batch
        batch.settle_others()
        return None

    def _latest_seen(self) -> Clock:
        """The latest reading that any event of the tail has, or that the author of a waiting proposal had seen."""
        return max([self.tail.clock, *(proposal.clock for proposal in self._queue)])

    def stored(self, batch: Batch) -> None:
        """The batch is in the log, synced, at its place: settle every proposal in it."""
        self._into_tail(batch)
        self.in_flight = None
        self._settle(batch)
        self._decide_set_aside()
        self._settle_seen()

    def never(self, batch: Batch, *, is_place_taken: bool) -> None:
        """The batch is not in the log and cannot land any more: decide again the proposals that still wait."""
        if is_place_taken:
            self._must_reach = Sequence(batch.after.sequence + 1)
            self._settle_seen()
        self.in_flight = None
        self._put_back(batch.all_proposals)

    def not_as_a_batch(self, batch: Batch) -> None:
        """Never: the log does not take its events together. Decide them again, and append them one by one."""
        self._one_by_one = len(batch.events)
        self.never(batch, is_place_taken=False)

    def too_large(self, batch: Batch, why: str) -> None:
        """Never: the log does not take the one event of `batch`, because of `why`. Settle its proposal."""
        self.in_flight = None
        proposal, *others = batch.all_proposals
        self._put_back(others)
        proposal.operation_id = ""
        proposal.settle(EventTooLarge(why))

    def set_aside(self, batch: Batch) -> None:
        """Free the place of `batch`, which the log refuses although an earlier attempt may have stored it.

        Its proposals wait until an event stands at the place. If that is another one, the batch never lands. Call this
        only while other proposals wait: their batch decides it.
        """
        self.aside.add(batch)
        self.in_flight = None

    def _decide_set_aside(self) -> None:
        """An event stands at the place of the batches that were set aside."""
        for batch in self.aside.lost():
            self._put_back(batch.all_proposals)

    def _settle_seen(self) -> None:
        for batch in self.aside.stored():
            self._settle(batch)

    def _settle(self, batch: Batch) -> None:
        for proposal, event, fields in zip(batch.proposals, batch.events, batch.results, strict=True):
            proposal.settle(Accepted(Position(self._origin, self.epoch, event.sequence), fields))
        batch.settle_others()

    def _put_back(self, proposals: list[Proposal]) -> None:
        """Put those of `proposals` that still wait at the front of the queue."""
        for proposal in proposals:
            proposal.operation_id = ""
        self._queue = {proposal: None for proposal in proposals if not proposal.is_withdrawn} | self._queue

    def recognize(self, mark: Mark) -> Recognition:
        """Compare a mark of this log that another region has with what was read here."""
        if mark.epoch != self.epoch:
            return Recognition.FOREIGN
        if mark.sequence > self.tail.end.sequence:
            return Recognition.AHEAD
        known = self.tail.mark_at(mark.sequence)
        if known is None:
            return Recognition.TOO_OLD
        return Recognition.OURS if known == mark else Recognition.FOREIGN

    def observed(self, mark: Mark, read: Callable[[], TailMessage]) -> None:
        """A message was read from the log: one of ours, or one of another process, of which `read` is the content."""
        if mark.sequence <= self.tail.end.sequence:
            return
        batch = self.in_flight
        is_in_flight = batch is not None and batch.first_mark == mark
        ours = batch if is_in_flight else self.aside.with_first(mark)
        if ours is None:
            self.tail.extend(read())
        else:
            self._into_tail(ours)
        self._decide_set_aside()

    def _into_tail(self, batch: Batch) -> None:
        if not batch.is_seen:
            batch.is_seen = True
            for message in batch.messages:
                self.tail.extend(message)
