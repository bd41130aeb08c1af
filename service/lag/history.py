"""The last quarter of an hour of the matrix, a sample a second. Pure."""

from array import array
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from core.positions import Region
from service.lag.matrix import Lag, Pair

HISTORY_SAMPLES = 15 * 60
"""With three regions they take 150 kB, with ten, as many as there can be, 1.5 MB."""

NOT_KNOWN = -1


class Past(NamedTuple):
    """Samples, the oldest first: their times in milliseconds since 1970, and for each pair its events and milliseconds.

    The pairs are in the order of the matrix, row by row. What was not known is `NOT_KNOWN`.
    """

    at_milliseconds: list[int]
    events: list[list[int]]
    milliseconds: list[list[int]]


class LagHistory:
    """As many samples as there is room for; each further one takes the oldest one's place."""

    def __init__(self, regions: tuple[Region, ...], *, samples_max: int = HISTORY_SAMPLES) -> None:
        self._pairs = [Pair(behind, origin) for behind in regions for origin in regions]
        self._samples: deque[tuple[int, array[int]]] = deque(maxlen=samples_max)

    def add(self, at_milliseconds: int, lags: Mapping[Pair, Lag]) -> None:
        """Remember a sample, and none that is of a later time: then the clock was set back."""
        while self._samples and self._samples[-1][0] >= at_milliseconds:
            self._samples.pop()
        told = [lags[pair] for pair in self._pairs]
        numbers = array("q", (lag.events if lag.is_known else NOT_KNOWN for lag in told))
        numbers.extend(lag.milliseconds if lag.is_known and lag.milliseconds is not None else NOT_KNOWN for lag in told)
        self._samples.append((at_milliseconds, numbers))

    def past(self) -> Past:
        """What is remembered."""
        count = len(self._pairs)
        columns = [[numbers[place] for _, numbers in self._samples] for place in range(2 * count)]
        return Past([at for at, _ in self._samples], columns[:count], columns[count:])
