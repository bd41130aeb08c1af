"""How long it takes until a region is heard to have applied what was stored. Pure."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from core.positions import Position, Region
from service.watermarks.waiters import Waiters

PENDING_MAX = 10_000
"""Batches of which one region is waited for, as while it is cut off; of any more it is not measured."""


class _Stored(NamedTuple):
    position: Position
    at_seconds: float


class Acknowledgements:
    """What was stored, until each region of `observe` is known to have it: that is told how many seconds it took."""

    def __init__(self, waiters: Waiters, observe: Mapping[Region, Callable[[float], None]]) -> None:
        self._waiters = waiters
        self._observe = observe
        self._pending: dict[Region, deque[_Stored]] = {region: deque() for region in observe}

    def stored(self, position: Position, *, now_seconds: float) -> None:
        """A batch was stored, with its last event at `position`; each further one comes after it."""
        for region, pending in self._pending.items():
            if len(pending) < PENDING_MAX:
                pending.append(_Stored(position, now_seconds))
            # What stores it tells a replicator as soon as us, and that may be heard first.
            self.heard(region, now_seconds=now_seconds)

    def heard(self, region: Region, *, now_seconds: float) -> None:
        """An announcement of `region` was taken in."""
        pending = self._pending.get(region)
        while pending and self._waiters.has_applied(region, pending[0].position):
            self._observe[region](now_seconds - pending.popleft().at_seconds)
