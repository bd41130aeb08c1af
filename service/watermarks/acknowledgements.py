"""Measure how long each region takes to acknowledge a batch that was stored. Pure."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from core.positions import Position, Region
from service.watermarks.waiters import Waiters

PENDING_MAX = 10_000
"""The most batches that one region is waited for, as while it is cut off. Later batches are not measured."""


class _Stored(NamedTuple):
    position: Position
    at_seconds: float


class Acknowledgements:
    """Batches that were stored, until each region has them. Its function in `observe` gets the seconds that it took."""

    def __init__(self, waiters: Waiters, observe: Mapping[Region, Callable[[float], None]]) -> None:
        self._waiters = waiters
        self._observe = observe
        self._pending: dict[Region, deque[_Stored]] = {region: deque() for region in observe}

    def stored(self, position: Position, *, now_seconds: float) -> None:
        """A batch was stored, with its last event at `position`. Later batches have later positions."""
        for region, pending in self._pending.items():
            if len(pending) < PENDING_MAX:
                pending.append(_Stored(position, now_seconds))
            # A replicator receives the batch as early as this process, and its announcement may come first.
            self.heard(region, now_seconds=now_seconds)

    def heard(self, region: Region, *, now_seconds: float) -> None:
        """An announcement of `region` was received."""
        pending = self._pending.get(region)
        while pending and self._waiters.has_applied(region, pending[0].position):
            self._observe[region](now_seconds - pending.popleft().at_seconds)
