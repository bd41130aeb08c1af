"""A report of the bench, for tests that show it."""

from bench.cells import TOTAL, Cell, Ratios
from bench.machine import Machine
from bench.over_links import OverLinks
from bench.recovery import Recovery
from bench.report import Report
from bench.samples import Latency
from bench.side import EMPTY, PEER, PRODUCT
from bench.space import Space
from bench.spread import Spread
from core.consistency import Level

MACHINE = Machine(
    cpus=2, python="3.11", load=0.1, processor="a processor", system="Linux 6", versions={"postgres": "15.18"}
)


def spread_around(median: float) -> Spread:
    return Spread(median, median * 0.9, median * 1.1, median * 0.5, median * 2)


def cell(side: str, connections: int, rate: float, level: Level = Level.LOCAL_REGION) -> Cell:
    kind = "service" if side == PRODUCT else "application"
    return Cell(
        side=side,
        level=level,
        connections=connections,
        rounds=3,
        per_second=spread_around(rate),
        p50_milliseconds=spread_around(2.5),
        p99_milliseconds=spread_around(7.5),
        processor_milliseconds={kind: spread_around(0.5), TOTAL: spread_around(0.5)},
        over={PEER: Ratios(spread_around(0.62), spread_around(2.5))} if side == PRODUCT else {},
    )


def example_report() -> Report:
    """A report with every part."""
    return Report(
        machine=MACHINE,
        rounds=3,
        seconds=0.5,
        left_out=["nothing is left out"],
        one_region=[cell(side, count, 1_503.0) for count in (1, 8, 32) for side in (PRODUCT, PEER, EMPTY)],
        three_regions=[cell(PRODUCT, 32, 502.0, Level.ALL_REGIONS)],
        over_links=[
            OverLinks(
                regions=3,
                region="us-iowa",
                farthest="asia-japan",
                round_trip_milliseconds=140,
                per_second=100,
                latency=Latency(2_000, 146.2, 150.0, 160.0),
            )
        ],
        recovery=Recovery("asia-japan", "us-iowa", 20, 1.04, 1.1),
        space=Space(webhooks=6_400, triggers_of_a_webhook=5, frame_events=32, redis_bytes=113.5, log_bytes=284.4),
    )
