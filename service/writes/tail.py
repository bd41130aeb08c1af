"""The tail: events of this region's log that its projection may not show yet. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import NamedTuple

from core.events import IdempotencyKey
from core.frames import LoggedEvent, LogMessage
from core.idempotency import Recorded, holder_of, is_kept
from core.positions import Mark, Sequence
from core.projection import writes_of
from core.registers import TOMBSTONE, Fields, Query, Registers, Write, is_buried, merge, names_in, stamp_of, take_out
from core.stamps import NEVER, Clock, milliseconds, parse, sequence_of

KEPT_EVENTS = 1_024
"""The number of applied events, or a few more, that are kept for views that were read a moment ago."""


class TailEvent(NamedTuple):
    """An event of this region's own log, as the tail needs it. `sequence` is its message's."""

    sequence: Sequence
    clock: Clock
    writes: list[Write]
    operation_id: str = ""
    idempotency_key: IdempotencyKey | None = None
    key_holder: str = ""

    @property
    def recorded(self) -> Recorded | None:
        """The record for a repeated request; None if the event's request had no idempotency key."""
        if self.idempotency_key is None:
            return None
        return Recorded(payload=self.idempotency_key.payload, operation_id=self.operation_id)


class TailMessage(NamedTuple):
    """A message of this region's own log: a frame, or an older message of one event."""

    mark: Mark
    events: list[TailEvent]


def tail_event(logged: LoggedEvent) -> TailEvent:
    """The tail's part of an event at its place."""
    envelope, position = logged.envelope, logged.position
    is_keyed = envelope.idempotency_key is not None
    return TailEvent(
        sequence=position.sequence,
        clock=parse(envelope.clock),
        writes=writes_of(envelope, position),
        operation_id=logged.operation_id if is_keyed else "",
        idempotency_key=envelope.idempotency_key,
        key_holder=holder_of(envelope.organization_id, author=envelope.author) if is_keyed else "",
    )


def tail_message(message: LogMessage) -> TailMessage:
    """The tail's part of a message."""
    return TailMessage(message.mark, [tail_event(logged) for logged in message.events])


class Found(NamedTuple):
    """The result of a query, and the number of fields that it counts.

    `unread` are further keys that the decision needs. An index names them for an event that is later than the view, and
    another region may have changed them.
    """

    registers: Registers
    counted: int
    unread: tuple[str, ...]


class Tail:
    """Events after `floor`, up to `end`. A view that includes `floor`, with the tail over it, has every event."""

    def __init__(self, start: Mark) -> None:
        self.floor = start.sequence
        self.end = start
        self.clock = NEVER
        self._messages: deque[TailMessage] = deque()
        self._registers: dict[str, dict[str, str]] = {}
        self._first_with_key: dict[str, TailEvent] = {}
        self._applied = start

    @property
    def unapplied(self) -> int:
        """The number of events that the projection is not known to have."""
        return self.end.count - self._applied.count

    def mark_at(self, sequence: Sequence) -> Mark | None:
        """The mark of the message at `sequence`, or None if that is before what is remembered or after `end`."""
        if sequence == self.end.sequence:
            return self.end
        if not self._messages or not self._messages[0].mark.sequence <= sequence < self.end.sequence:
            return None
        return self._messages[sequence - self._messages[0].mark.sequence].mark

    def extend(self, message: TailMessage) -> None:
        """Add the message that follows `end`."""
        if message.mark.sequence != self.end.sequence + 1:
            raise ValueError(f"message {message.mark.sequence} does not follow {self.end.sequence}")
        self._messages.append(message)
        self.end = message.mark
        for event in message.events:
            self.clock = max(self.clock, event.clock)
            merge(self._registers, event.writes)
            if event.idempotency_key is not None:
                self._remember(event.idempotency_key, event)

    def applied(self, sequence: Sequence) -> None:
        """Record that the projection has every message up to `sequence`."""
        reached = self.mark_at(min(sequence, self.end.sequence))
        if reached is None or reached.sequence <= self._applied.sequence:
            return
        self._applied = reached
        while self._messages and self._messages[0].mark.count <= reached.count - KEPT_EVENTS:
            message = self._messages.popleft()
            self.floor = message.mark.sequence
            for event in message.events:
                self._forget(event)

    def recorded(self, idempotency_key: IdempotencyKey, *, now_milliseconds: int) -> Recorded | None:
        """The first request with that idempotency key, if its event is among these and is still recognized."""
        event = self._first_with_key.get(idempotency_key.key)
        is_known = event is not None and is_kept(event.clock, now_milliseconds=now_milliseconds)
        return event.recorded if event is not None and is_known else None

    def idempotency_keys(self, holder: str, *, after: Sequence) -> int:
        """The number of idempotency keys that `holder` used after the message at `after`."""
        later = takewhile(lambda event: event.sequence > after, reversed(self._first_with_key.values()))
        return sum(event.key_holder == holder for event in later)

    def over(
        self, query: Query, view: Registers, layer: Mapping[str, Fields], *, after: Sequence, counted: int = 0
    ) -> Found:
        """The result of `query` in `view`, with the tail over it and `layer` over both.

        `view` has this log's events up to `after`; `counted` fields were counted in it.
        """
        sources: tuple[Registers, ...] = (view, self._registers, layer)
        candidates = self._candidates(query, view, layer, after)
        registers = {key: _merged(key, sources) for key in (*query.keys[1:], *candidates)}
        for key in query.keys[:1]:
            registers[key] = _merged(key, sources, query.fields)
        unread = tuple(
            key for key in candidates if key not in view and not _is_after(registers[key].get("created"), after)
        )
        return Found(registers, counted + self._added(query, layer, after), unread)

    def _candidates(self, query: Query, view: Registers, layer: Registers, after: Sequence) -> list[str]:
        """The keys that an index names: in `view`, or for a later event."""
        if query.named_in is None:
            return []
        keys = {key for key in view if key.startswith(query.follow)}
        for source in (self._registers, layer):
            named = (query.follow + name for name in names_in(source, query.named_in))
            keys.update(key for key in named if _is_after(source[key].get("target_url"), after))
        return sorted(keys.difference(query.keys))

    def _added(self, query: Query, layer: Registers, after: Sequence) -> int:
        """The number of later fields of the counted key. A deleted one counts until its deletion is applied."""
        names = {
            name
            for source in (self._registers, layer)
            for name, register in source.get(query.counted, {}).items()
            if _is_after(register, after)
        }
        return sum(not is_buried(layer, query.follow + name) for name in names)

    def _remember(self, idempotency_key: IdempotencyKey, event: TailEvent) -> None:
        """Keep the first event with a key, until it is too old: then the key was used for a new request."""
        first = self._first_with_key.get(idempotency_key.key)
        if first is None or not is_kept(first.clock, now_milliseconds=milliseconds(event.clock)):
            self._first_with_key.pop(idempotency_key.key, None)
            self._first_with_key[idempotency_key.key] = event

    def _forget(self, event: TailEvent) -> None:
        if event.idempotency_key is not None and self._first_with_key.get(event.idempotency_key.key) is event:
            del self._first_with_key[event.idempotency_key.key]
        for write in event.writes:
            fields = self._registers.get(write.key, {})
            if fields.get(write.field) == write.register:
                take_out(self._registers, write, write.register)
                del fields[write.field]
                if not fields:
                    del self._registers[write.key]


def _is_after(register: str | None, sequence: Sequence) -> bool:
    return register is not None and sequence_of(register) > sequence


def _merged(key: str, sources: Iterable[Registers], only: Iterable[str] = ()) -> dict[str, str]:
    """The registers of `key` in all of `sources` together, or `only` those of some fields."""
    merged: dict[str, str] = {}
    for source in sources:
        fields = source.get(key, {})
        if only:
            fields = {field: fields[field] for field in only if field in fields}
        if TOMBSTONE in fields or TOMBSTONE in merged:
            merged = {TOMBSTONE: max(merged.get(TOMBSTONE, ""), fields.get(TOMBSTONE, ""))}
        elif not merged:
            merged = dict(fields)
        else:
            for field, register in fields.items():
                old = merged.get(field, "")
                # Most are the same in the view and in the tail. Then no stamps need to be compared.
                if register != old and stamp_of(register) > stamp_of(old):
                    merged[field] = register
    return merged
