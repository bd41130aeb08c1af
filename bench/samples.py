"""Measured times and what they come to. Pure."""

import math

import msgspec

from bench.errors import Unmeasured


class Latency(msgspec.Struct, frozen=True):
    """How long requests took: the time that 50, 90 and 99 of 100 did not exceed."""

    count: int
    p50_milliseconds: float
    p90_milliseconds: float
    p99_milliseconds: float


class Samples(msgspec.Struct, frozen=True):
    """How long each of some requests took, and all of them together."""

    each_seconds: list[float]
    total_seconds: float

    def latency(self) -> Latency:
        """The distribution. Raises `Unmeasured` if there is none."""
        if not self.each_seconds:
            raise Unmeasured("no request was answered in the time there was")
        in_order = sorted(self.each_seconds)
        p50, p90, p99 = (round(_percentile(in_order, percent) * 1_000, 3) for percent in (50, 90, 99))
        return Latency(count=len(in_order), p50_milliseconds=p50, p90_milliseconds=p90, p99_milliseconds=p99)

    def per_second(self) -> float:
        """How many were answered in a second."""
        return len(self.each_seconds) / self.total_seconds


def _percentile(in_order: list[float], percent: int) -> float:
    """The nearest-rank percentile: a time that was measured, not one between two."""
    return in_order[math.ceil(len(in_order) * percent / 100) - 1]
