"""The recent latencies of writes, by their level. Pure."""

import math
from collections import Counter, deque

import msgspec

from core.consistency import Level

WINDOW_SECONDS = 60
RATE_SECONDS = 10
"""The time over which a rate is taken: short enough to follow changes, long enough not to flicker."""

_STEP = 1.04
"""Durations are kept in classes. Each is longer than the one before by this factor, so a quantile is right to 2 %."""

_SHORTEST_SECONDS = 0.000_1


class WriteLatency(msgspec.Struct, frozen=True):
    """One level's latency: successes a second in the last `RATE_SECONDS`, and the last minute's quantiles and 408s.

    A quantile is None if there was no success.
    """

    level: Level
    per_second: float
    p50_milliseconds: float | None
    p99_milliseconds: float | None
    late: int


class _Second:
    """The responses of one second."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.took: Counter[int] = Counter()
        self.late = 0


class WriteLatencies:
    """The last minute's writes. Bounded: a second has at most all classes, however many writes it has."""

    def __init__(self) -> None:
        self._seconds: dict[Level, deque[_Second]] = {level: deque() for level in Level}

    def took(self, level: Level, seconds: float, *, now_seconds: float) -> None:
        """A write of that level succeeded after so long."""
        self._second(level, now_seconds).took[_class_of(seconds)] += 1

    def late(self, level: Level, *, now_seconds: float) -> None:
        """A write of that level was not answered with success in time."""
        self._second(level, now_seconds).late += 1

    def look(self, *, now_seconds: float) -> list[WriteLatency]:
        """The latency of every level. A rate leaves out the present second, which is not over."""
        return [self._pace(level, int(now_seconds)) for level in Level]

    def _pace(self, level: Level, now: int) -> WriteLatency:
        self._forget(level, now)
        took: Counter[int] = Counter()
        for second in self._seconds[level]:
            took.update(second.took)
        recent = sum(second.took.total() for second in self._seconds[level] if now - RATE_SECONDS <= second.at < now)
        return WriteLatency(
            level=level,
            per_second=recent / RATE_SECONDS,
            p50_milliseconds=_quantile(took, 0.5),
            p99_milliseconds=_quantile(took, 0.99),
            late=sum(second.late for second in self._seconds[level]),
        )

    def _second(self, level: Level, now_seconds: float) -> _Second:
        seconds, now = self._seconds[level], int(now_seconds)
        if not seconds or seconds[-1].at < now:
            self._forget(level, now)
            seconds.append(_Second(now))
        return seconds[-1]

    def _forget(self, level: Level, now: int) -> None:
        seconds = self._seconds[level]
        while seconds and seconds[0].at <= now - WINDOW_SECONDS:
            seconds.popleft()


def _class_of(seconds: float) -> int:
    return round(math.log(max(seconds, _SHORTEST_SECONDS) / _SHORTEST_SECONDS, _STEP))


def _quantile(took: Counter[int], part: float) -> float | None:
    """A quantile in milliseconds: the middle of the class at which this share of all writes is reached."""
    left = part * took.total()
    for one in sorted(took):
        left -= took[one]
        if left <= 0:
            return 1_000 * _SHORTEST_SECONDS * _STEP**one
    return None
