"""Measures several things in turn, over and over, so that other work on the machine slows all of them alike."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def interleaved(
    measurements: Mapping[K, Callable[[], T]], *, rounds: int, report: Callable[[int], None]
) -> Mapping[K, Sequence[T]]:
    """What each measurement returned in each round. Every second round runs backwards.

    `report` receives the number of finished measurements.
    """
    measured: dict[K, list[T]] = {key: [] for key in measurements}
    forwards, finished = list(measurements), 0
    for number in range(rounds):
        for key in forwards if number % 2 == 0 else reversed(forwards):
            measured[key].append(measurements[key]())
            finished += 1
            report(finished)
    return measured
