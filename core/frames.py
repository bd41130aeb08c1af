"""The messages of a log. A frame carries the events that were decided together; an older message carries one event.

The events of a frame share its place. So an event's place is its message's position and its number in the message,
counted from 0. The clocks ascend inside a frame: its first event has the frame's clock, and each later event has the
reading after. So no two events of a log share a stamp.

A log counts its events. A frame has the count up to itself, and an older message counts one more than the message
before it.
"""

from collections.abc import Sequence as Several
from typing import Annotated

import msgspec

from core.codec import Undecodable, decode, decoding, fingerprint
from core.events import AnyEvent, ClockText, Envelope, IdempotencyKey
from core.operations import BATCH_BITS, NUMBERS, log_code, operation_id
from core.positions import Mark, Position, Region, Sequence
from core.stamps import CLOCKS, Clock, parse, render, render_from
from core.subjects import epoch_in, is_frame

EVENTS_MAX = 256
"""The most events of a frame. Operation ids have room for more; appends of more are no faster per event."""

BYTES_MAX = 512 * 1024
"""A frame takes no further event once it has this size. A server takes 1 MiB unless it is configured otherwise."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event with its circumstances, as a frame keeps it. Its members mean what those of an `Envelope` mean.

    It lacks the clock and the operation's id: they follow from its number, its frame and the frame's place.
    """

    organization_id: str
    event: AnyEvent
    author: str = ""
    idempotency_key: IdempotencyKey | None = msgspec.field(default=None, name="retry")
    seen: dict[str, str] = msgspec.field(default_factory=dict)


class _Frame(msgspec.Struct, frozen=True):
    """A frame as the log keeps it. `batch` is `operations.batch_name`; `count` is the log's, up to this frame."""

    clock: ClockText
    batch: Annotated[int, msgspec.Meta(ge=0, lt=1 << BATCH_BITS)]
    count: Annotated[int, msgspec.Meta(ge=1)]
    events: Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=NUMBERS)]


class _Encoded(msgspec.Struct, frozen=True):
    """As `_Frame`, of entries that are encoded already."""

    clock: str
    batch: int
    count: int
    events: list[msgspec.Raw]


class _Counted(msgspec.Struct, frozen=True):
    events: list[msgspec.Raw] = []


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Frame)
_counter = msgspec.json.Decoder(_Counted)


class LoggedEvent(msgspec.Struct, frozen=True):
    """An event at its place: the one with this `number` in the message at `position`.

    `batch` names the frame. In the envelope of a frame's event the operation's id is `""`.
    """

    position: Position
    number: int
    envelope: Envelope
    batch: int = 0

    @property
    def operation_id(self) -> str:
        """The id of the event's operation: the one that an older message has, or the one that its place makes."""
        if self.envelope.operation_id:
            return self.envelope.operation_id
        return operation_id(
            self.envelope.organization_id,
            batch=self.batch,
            log=log_code(self.position.origin, self.position.epoch),
            number=self.number,
            sequence=self.position.sequence,
        )


class LogMessage(msgspec.Struct, frozen=True):
    """A message of a log, and the events that it carries. `count` is how many events the log has up to it."""

    position: Position
    subject: str
    data: bytes
    count: int
    events: list[LoggedEvent]

    @property
    def mark(self) -> Mark:
        """Its mark, with the count. It is made when asked for: a fingerprint takes as long as decoding."""
        place = self.position
        return Mark(place.epoch, place.sequence, fingerprint(self.subject, self.data), self.count)


def encode_entry(envelope: Envelope) -> bytes:
    """The part of an envelope that a frame keeps."""
    return _encoder.encode(
        Entry(
            organization_id=envelope.organization_id,
            event=envelope.event,
            author=envelope.author,
            idempotency_key=envelope.idempotency_key,
            seen=envelope.seen,
        )
    )


def encode_frame(entries: Several[bytes], *, clock: Clock, batch: int, count: int) -> bytes:
    """The frame of `entries`, which `encode_entry` made, for the log."""
    return _encoder.encode(_Encoded(render(clock), batch, count, [msgspec.Raw(entry) for entry in entries]))


def events_in(subject: str, data: bytes) -> int:
    """How many events a message carries, as far as that can be seen: at least one."""
    if not is_frame(subject):
        return 1
    try:
        with decoding():
            return max(1, len(_counter.decode(data).events))
    except Undecodable:
        return 1


def decode_message(origin: Region, sequence: Sequence, subject: str, data: bytes, *, counted: int) -> LogMessage:
    """The message of `origin` at `sequence`, or `Undecodable` with the reason. `counted` events came before it."""
    position = Position(origin, epoch_in(subject), sequence)
    if is_frame(subject):
        count, events = _frame(position, data)
    else:
        count, events = counted + 1, [LoggedEvent(position, 0, decode(data))]
    return LogMessage(position, subject, data, count, events)


def _frame(position: Position, data: bytes) -> tuple[int, list[LoggedEvent]]:
    with decoding():
        frame = _decoder.decode(data)
    first = parse(frame.clock)
    if first + len(frame.events) > CLOCKS:
        raise Undecodable(f"{len(frame.events)} events from clock {frame.clock} on: the last one has none")
    clocks = render_from(first, count=len(frame.events))
    events = [
        LoggedEvent(
            position,
            number,
            Envelope(
                operation_id="",
                organization_id=entry.organization_id,
                clock=clock,
                event=entry.event,
                author=entry.author,
                idempotency_key=entry.idempotency_key,
                seen=entry.seen,
            ),
            frame.batch,
        )
        for number, (clock, entry) in enumerate(zip(clocks, frame.events, strict=True))
    ]
    return frame.count, events
