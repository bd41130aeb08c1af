"""The tail: what this region has appended and its projection may not show yet. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from core.positions import Mark, Sequence
from core.registers import Fields, Query, Registers, Write, is_buried, merge
from core.stamps import NEVER, Clock

KEPT_EVENTS = 1_024
"""Applied events that are kept all the same, for views that were read a moment ago."""


class TailEvent(NamedTuple):
    """An event of this region's own log, as the tail needs it."""

    mark: Mark
    clock: Clock
    writes: list[Write]


class Tail:
    """Events after `floor`, up to `end`. A view that includes `floor`, with the tail over it, is all there is."""

    def __init__(self, start: Mark) -> None:
        self.floor = start.sequence
        self.end = start
        self.clock = NEVER
        self._events: deque[TailEvent] = deque()
        self._registers: dict[str, dict[str, str]] = {}
        self._applied = start.sequence

    @property
    def unapplied(self) -> int:
        """How many events the projection is not known to have."""
        return self.end.sequence - self._applied

    def mark_at(self, sequence: Sequence) -> Mark | None:
        """The mark of the event at `sequence`, or None where that is before what is remembered or after `end`."""
        if sequence == self.end.sequence:
            return self.end
        if not self._events or not self._events[0].mark.sequence <= sequence < self.end.sequence:
            return None
        return self._events[sequence - self._events[0].mark.sequence].mark

    def extend(self, event: TailEvent) -> None:
        """Add the event that follows `end`."""
        if event.mark.sequence != self.end.sequence + 1:
            raise ValueError(f"event {event.mark.sequence} does not follow {self.end.sequence}")
        self._events.append(event)
        self.end = event.mark
        self.clock = max(self.clock, event.clock)
        merge(self._registers, event.writes)

    def applied(self, sequence: Sequence) -> None:
        """Take in that the projection has everything up to `sequence`."""
        self._applied = max(self._applied, min(sequence, self.end.sequence))
        while self._events and self._events[0].mark.sequence <= self._applied - KEPT_EVENTS:
            event = self._events.popleft()
            self.floor = event.mark.sequence
            self._forget(event.writes)

    def over(self, query: Query, view: Registers, layer: Mapping[str, Fields]) -> Registers:
        """What `query` finds in `view` with the tail over it, and `layer` over that."""
        found: dict[str, dict[str, str]] = {}
        self._collect(found, query.keys, view, layer)
        if query.follow:
            pointing = found[query.keys[0]]
            self._collect(found, [query.follow + field for field in pointing], view, layer)
            for field in [field for field in pointing if is_buried(found, query.follow + field)]:
                del pointing[field]
        return found

    def _collect(
        self, found: dict[str, dict[str, str]], keys: Iterable[str], view: Registers, layer: Mapping[str, Fields]
    ) -> None:
        for key in keys:
            found[key] = dict(view.get(key, {}))
            for source in (self._registers, layer):
                merge(found, (Write(key, field, register) for field, register in source.get(key, {}).items()))

    def _forget(self, writes: Iterable[Write]) -> None:
        for write in writes:
            fields = self._registers.get(write.key, {})
            if fields.get(write.field) == write.register:
                del fields[write.field]
                if not fields:
                    del self._registers[write.key]
