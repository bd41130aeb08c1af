"""The last 15 minutes of the matrix, a sample a second. Pure."""

from array import array
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from core.positions import Region
from service.lag.matrix import Lag, Pair

HISTORY_SAMPLES = 15 * 60
"""They take 150 kB with three regions, and 1.5 MB with ten, the most that there can be."""

NOT_KNOWN = -1


class Past(NamedTuple):
    """Samples, the oldest first: their times in milliseconds since 1970, and each pair's events and milliseconds.

    The pairs are in the order of the matrix, row by row. `NOT_KNOWN` stands for what was not known.
    """

    at_milliseconds: list[int]
    events: list[list[int]]
    milliseconds: list[list[int]]


class LagHistory:
    """At most `samples_max` samples. A further one replaces the oldest."""

    def __init__(self, regions: tuple[Region, ...], *, samples_max: int = HISTORY_SAMPLES) -> None:
        self._pairs = [Pair(behind, origin) for behind in regions for origin in regions]
        self._samples: deque[tuple[int, array[int]]] = deque(maxlen=samples_max)

    def add(self, at_milliseconds: int, lags: Mapping[Pair, Lag]) -> None:
        """Remember a sample, and forget those of a later time: the clock was set back."""
        while self._samples and self._samples[-1][0] >= at_milliseconds:
            self._samples.pop()
        known = [lags[pair] for pair in self._pairs]
        numbers = array("q", (lag.events if lag.is_known else NOT_KNOWN for lag in known))
        numbers.extend(
            lag.milliseconds if lag.is_known and lag.milliseconds is not None else NOT_KNOWN for lag in known
        )
        self._samples.append((at_milliseconds, numbers))

    def past(self) -> Past:
        """The remembered samples."""
        count = len(self._pairs)
        columns = [[numbers[place] for _, numbers in self._samples] for place in range(2 * count)]
        return Past([at for at, _ in self._samples], columns[:count], columns[count:])
