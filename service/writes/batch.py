"""Events that are appended together, and the proposals that wait for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.batches import BATCH_BYTES_MAX, BATCH_EVENTS_MAX, ONE_BY_ONE_MAX
from adapters.event_log import Entry
from core import frames
from core.codec import encode, fingerprint
from core.commands import Command, Refusal
from core.events import IdempotencyKey
from core.frames import LoggedEvent, encode_entry, encode_frame
from core.idempotency import Recorded
from core.positions import Mark, Position, Region, Sequence
from core.preconditions import UNCONDITIONAL, Preconditions
from core.registers import Fields, Registers
from core.stamps import NEVER, Clock
from core.subjects import frames_of, subject_of
from service.writes.tail import TailEvent, TailMessage, tail_event


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


@dataclass(eq=False, slots=True)
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


class Form(NamedTuple):
    """How a batch is stored, and how much it takes: it ends once it has so many events or bytes.

    It is one frame, or a message for each event, appended together. If no more than `one_by_one_max` proposals wait, it
    has one event.
    """

    is_frame: bool
    events_max: int
    bytes_max: int
    one_by_one_max: int = 0


FRAME = Form(is_frame=True, events_max=frames.EVENTS_MAX, bytes_max=frames.BYTES_MAX)

MESSAGES = Form(is_frame=False, events_max=BATCH_EVENTS_MAX, bytes_max=BATCH_BYTES_MAX, one_by_one_max=ONE_BY_ONE_MAX)
"""For a log that is also read by processes of a version before frames."""


@dataclass(eq=False)
class Batch:
    """Events decided on everything up to `after`, and the proposals that wait for them.

    `name` distinguishes it from other batches for the same place. The first event has `clock`, and each later one the
    reading after. `layer` has the registers that its events make. `settled_with` has the proposals without an event of
    their own, each with its outcome if the batch lands: that outcome was decided on the events before it.
    Once sealed, it has `entries` for the log, and the `messages` that they are. `is_open` means that an attempt to
    append was not answered: the batch may be in the log, or may still land. `is_seen` means that it was read there.
    """

    after: Mark
    made_at_milliseconds: int
    name: int
    form: Form = FRAME
    clock: Clock = NEVER
    layer: dict[str, dict[str, str]] = field(default_factory=dict)
    size: int = 0
    entries: list[Entry] = field(default_factory=list)
    messages: list[TailMessage] = field(default_factory=list)
    events: list[TailEvent] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    results: list[Fields] = field(default_factory=list)
    settled_with: list[tuple[Proposal, Refusal | Repeated]] = field(default_factory=list)
    is_open: bool = False
    is_seen: bool = False
    _logged: list[LoggedEvent] = field(default_factory=list)
    _encoded: list[bytes] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether it takes no further event."""
        return len(self.events) >= self.form.events_max or self.size >= self.form.bytes_max

    @property
    def next_sequence(self) -> Sequence:
        """The place of the next event's message."""
        return Sequence(self.after.sequence + 1 + (0 if self.form.is_frame else len(self.events)))

    @property
    def next_clock(self) -> Clock:
        """The clock of the next event."""
        return Clock(self.clock + len(self.events))

    @property
    def first_mark(self) -> Mark:
        """The mark of its first message."""
        return self.messages[0].mark

    @property
    def last_mark(self) -> Mark:
        """The mark of its last message."""
        return self.messages[-1].mark

    def add(self, proposal: Proposal, logged: LoggedEvent) -> TailEvent:
        """Add the event of `proposal`, which has the batch's next sequence, number and clock."""
        encoded = (encode_entry if self.form.is_frame else encode)(logged.envelope)
        event = tail_event(logged)
        self.size += len(encoded)
        self._logged.append(logged)
        self._encoded.append(encoded)
        self.events.append(event)
        self.proposals.append(proposal)
        return event

    def seal(self) -> None:
        """Make the messages: no event is added any more."""
        origin, epoch = self._logged[0].position.origin, self._logged[0].position.epoch
        if self.form.is_frame:
            count = self.after.count + len(self.events)
            subject = frames_of(origin, epoch)
            data = encode_frame(self._encoded, clock=self.clock, batch=self.name, count=count)
            self._seal(subject, data, self.events, traceparent=_together(self.proposals))
        else:
            for logged, data, event, proposal in zip(
                self._logged, self._encoded, self.events, self.proposals, strict=True
            ):
                subject = subject_of(origin, epoch, logged.envelope.event)
                self._seal(subject, data, [event], traceparent=proposal.traceparent)

    def _seal(self, subject: str, data: bytes, events: list[TailEvent], *, traceparent: str) -> None:
        before = self.last_mark if self.messages else self.after
        epoch, sequence = self._logged[0].position.epoch, Sequence(before.sequence + 1)
        mark = Mark(epoch, sequence, fingerprint(subject, data), before.count + len(events))
        self.entries.append(Entry(subject, data, traceparent))
        self.messages.append(TailMessage(mark, events))

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


def _together(proposals: list[Proposal]) -> str:
    """What a frame's header has of the traces of its events; `""` if none is traced."""
    traceparents = [proposal.traceparent for proposal in proposals]
    return ",".join(traceparents) if any(traceparents) else ""
