"""A short load on one side, and what it took."""

import msgspec

from bench.closed_loop import closed_loop
from bench.side import Side

COUNT_MAX = 1_000_000
"""A second bound of a load, besides its time."""


class Burst(msgspec.Struct, frozen=True, kw_only=True):
    """The rate and the times of the responses, and the processor time of one write in each kind of process."""

    per_second: float
    p50_milliseconds: float
    p99_milliseconds: float
    processor_milliseconds: dict[str, float]


def burst(side: Side, *, connections: int, seconds: float, count_max: int = COUNT_MAX) -> Burst:
    """Load one side for `seconds`, or with `count_max` requests. Then wait until the work after the responses is done.

    That work counts too.
    """
    before = _processor_seconds(side)
    samples = closed_loop(
        side.address, side.requests, connections=connections, count_max=count_max, seconds_max=seconds
    )
    side.settle()
    after, writes, latency = _processor_seconds(side), len(samples.each_seconds), samples.latency()
    return Burst(
        per_second=samples.per_second(),
        p50_milliseconds=latency.p50_milliseconds,
        p99_milliseconds=latency.p99_milliseconds,
        processor_milliseconds={kind: (after[kind] - before[kind]) / writes * 1_000 for kind in before},
    )


def _processor_seconds(side: Side) -> dict[str, float]:
    return {kind: seconds() for kind, seconds in side.processor_seconds.items()}
