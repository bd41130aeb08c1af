"""The requests that wait for watermarks, without I/O. Pure."""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from core.known_marks import KnownMarks
from core.positions import BEGINNING, Epoch, Mark, Position, Region, reaches

INCARNATIONS_REMEMBERED = 16
COMPACT_ABOVE = 64


@dataclass(eq=False, slots=True)
class Waiter:
    """A wait until each region in `pending` has applied `position`. `reached` is called once, at the end."""

    position: Position
    pending: list[Region]
    reached: Callable[[], None]
    is_over: bool = False


@dataclass
class _Known:
    """The announced watermarks of one region."""

    incarnation: str = ""
    is_current: bool = False
    is_counted: bool = False
    vector: dict[Region, Mark] = field(default_factory=dict)
    superseded: deque[str] = field(default_factory=lambda: deque(maxlen=INCARNATIONS_REMEMBERED))


_Queue = tuple[Region, Region, Epoch]
"""The waiters for one region to apply one epoch of one origin's log, in the order of their sequences."""


class Waiters:
    """The announced watermarks of every region, and the waiters for them."""

    def __init__(self) -> None:
        self._known: dict[Region, _Known] = defaultdict(_Known)
        self._queues: dict[_Queue, list[tuple[int, int, Waiter]]] = {}
        self._over: dict[_Queue, int] = defaultdict(int)
        self._number = count()
        self.waiting_for: Counter[Region] = Counter()
        """The number of waiters for each region."""
        self.known = KnownMarks()
        """The marks that each region is known to have applied, in any incarnation."""

    def watermark(self, region: Region, origin: Region) -> Mark:
        """The highest position of `origin` that `region` is known to have applied."""
        return self._known[region].vector.get(origin, BEGINNING)

    def has_applied(self, region: Region, position: Position) -> bool:
        """Whether `region` counts, and is known to have applied `position`.

        A region counts once it is current and, in the same incarnation, has all that it ever had.
        """
        known = self._known[region]
        return known.is_counted and reaches(known.vector, position)

    def lacking(self, region: Region) -> dict[Region, Mark]:
        """The marks that `region` had in another incarnation, and is not known to have now."""
        known = self._known[region]
        return {} if known.is_counted else self.known.of(region).lacking(known.incarnation, known.vector)

    def is_superseded(self, region: Region, incarnation: str) -> bool:
        """Whether another incarnation followed `incarnation` of `region`, so that it is not believed."""
        return incarnation in self._known[region].superseded

    def believe_again(self, region: Region, incarnation: str) -> None:
        """Believe a superseded `incarnation` again: the one that seemed to follow it came late, and is silent now."""
        self._known[region].superseded.remove(incarnation)

    def heard(self, region: Region, incarnation: str, vector: Mapping[Region, Mark], *, is_current: bool) -> None:
        """Process an announcement, and notify each waiter whose last pending region this was.

        Within an incarnation watermarks only go up, so an older message changes nothing. A new incarnation starts from
        nothing, and earlier ones are not believed.
        """
        if self.is_superseded(region, incarnation):
            return
        known = self._known[region]
        if incarnation != known.incarnation:
            known.superseded.append(known.incarnation)
            known.incarnation, known.is_current, known.is_counted, known.vector = incarnation, False, False, {}
        known.is_current = known.is_current or is_current
        for origin, mark in vector.items():
            if mark.sequence >= known.vector.get(origin, BEGINNING).sequence:
                known.vector[origin] = mark
        if known.is_current and not known.is_counted:
            known.is_counted = not self.known.of(region).lacking(incarnation, known.vector)
        self.known.shown(region, incarnation, known.vector, is_current=known.is_current)
        if known.is_counted:
            for origin, mark in known.vector.items():
                self._notify((region, origin, mark.epoch), known)

    def wait(self, position: Position, regions: Iterable[Region], reached: Callable[[], None]) -> Waiter | None:
        """Call `reached` once all `regions` have applied `position`. Returns None if they have already."""
        pending = [region for region in regions if not self.has_applied(region, position)]
        if not pending:
            return None
        waiter = Waiter(position=position, pending=pending, reached=reached)
        for region in pending:
            self.waiting_for[region] += 1
            queue = self._queues.setdefault((region, position.origin, position.epoch), [])
            heapq.heappush(queue, (position.sequence, next(self._number), waiter))
        return waiter

    def give_up(self, waiter: Waiter) -> None:
        """Forget `waiter`. Memory is freed at once when many have given up."""
        waiter.is_over = True
        for region in waiter.pending:
            self.waiting_for[region] -= 1
            name = region, waiter.position.origin, waiter.position.epoch
            self._over[name] += 1
            queue = self._queues[name]
            if len(queue) > COMPACT_ABOVE and self._over[name] * 2 > len(queue):
                self._queues[name] = [entry for entry in queue if not entry[2].is_over]
                heapq.heapify(self._queues[name])
                self._over[name] = 0

    def __len__(self) -> int:
        """The number of waiters."""
        return len({id(entry[2]) for queue in self._queues.values() for entry in queue if not entry[2].is_over})

    def _notify(self, name: _Queue, known: _Known) -> None:
        queue = self._queues.get(name, [])
        while queue:
            waiter = queue[0][2]
            if not waiter.is_over and not reaches(known.vector, waiter.position):
                return
            heapq.heappop(queue)
            if waiter.is_over:
                self._over[name] = max(0, self._over[name] - 1)
                continue
            waiter.pending.remove(name[0])
            self.waiting_for[name[0]] -= 1
            if not waiter.pending:
                waiter.reached()
