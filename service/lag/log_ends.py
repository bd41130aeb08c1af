"""The times at which each log reached its length. An event that could not be read is missing at least since then."""

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from core.positions import Epoch, Position, Region, Sequence

ENDS_REMEMBERED = 900
"""15 minutes of a log that grows every second."""


class LogEnd(NamedTuple):
    """How far a log is known to reach."""

    epoch: Epoch
    sequence: Sequence


class _Seen(NamedTuple):
    sequence: Sequence
    at_milliseconds: int


class LogEnds:
    """How far each log reached, and when."""

    def __init__(self) -> None:
        self._epochs: dict[Region, Epoch] = {}
        self._seen: dict[Region, deque[_Seen]] = {}

    def look(self, ends: Mapping[Region, LogEnd], *, now_milliseconds: int) -> None:
        """Remember how far each log reaches now."""
        for origin, end in ends.items():
            if self._epochs.get(origin) != end.epoch:
                self._epochs[origin], self._seen[origin] = end.epoch, deque(maxlen=ENDS_REMEMBERED)
            seen = self._seen[origin]
            if not seen or seen[-1].sequence < end.sequence:
                seen.append(_Seen(end.sequence, now_milliseconds))

    def since_milliseconds(self, position: Position) -> int | None:
        """When the log was first known to have `position`. None if it never was."""
        if self._epochs.get(position.origin) != position.epoch:
            return None
        seen = self._seen[position.origin]
        index = bisect_left(seen, position.sequence, key=lambda one: one.sequence)
        return seen[index].at_milliseconds if index < len(seen) else None
