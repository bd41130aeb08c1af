"""Measured times and their distribution. Pure."""

import math

import msgspec

from bench.errors import Unmeasured


class Latency(msgspec.Struct, frozen=True):
    """The times that 50, 90 and 99 of 100 requests did not exceed."""

    count: int
    p50_milliseconds: float
    p90_milliseconds: float
    p99_milliseconds: float


class Samples(msgspec.Struct, frozen=True):
    """The time of each request, and of all together."""

    each_seconds: list[float]
    total_seconds: float

    def latency(self) -> Latency:
        """The distribution. Raises `Unmeasured` without any request."""
        if not self.each_seconds:
            raise Unmeasured("no request received its response in time")
        in_order = sorted(self.each_seconds)
        p50, p90, p99 = (round(_percentile(in_order, percent) * 1_000, 3) for percent in (50, 90, 99))
        return Latency(count=len(in_order), p50_milliseconds=p50, p90_milliseconds=p90, p99_milliseconds=p99)

    def per_second(self) -> float:
        """Responses a second."""
        return len(self.each_seconds) / self.total_seconds


def _percentile(in_order: list[float], percent: int) -> float:
    """The nearest-rank percentile: always a measured time, never one between two."""
    return in_order[math.ceil(len(in_order) * percent / 100) - 1]
