"""How many requests of one organization may wait at once in this process, so that none uses up what all share."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class TooManyWaiting(Exception):
    """As many requests of this organization wait as may."""

    def __init__(self, waiting_max: int) -> None:
        super().__init__(waiting_max)
        self.waiting_max = waiting_max


class Quota:
    """Who waits. Taken only by those who were authenticated: nobody can use up what is another's."""

    def __init__(self, waiting_max: int) -> None:
        self._waiting_max = waiting_max
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def place_of(self, organization_id: str) -> Iterator[None]:
        """A place among those who wait. Raises `TooManyWaiting`."""
        if self._waiting[organization_id] >= self._waiting_max:
            raise TooManyWaiting(self._waiting_max)
        self._waiting[organization_id] += 1
        try:
            yield
        finally:
            self._waiting[organization_id] -= 1
            if not self._waiting[organization_id]:
                del self._waiting[organization_id]
