"""A report of the bench, for tests that show it."""

from bench.catch_up import CatchUp
from bench.cells import TOTAL, Cell, Ratios
from bench.machine import Machine
from bench.over_links import OverLinks
from bench.rebuild import Rebuild
from bench.recovery import Recovery
from bench.report import Report
from bench.samples import Latency
from bench.side import EMPTY, PEER, PRODUCT
from bench.space import Space
from bench.spread import Spread
from bench.waiting import Waiting
from core.consistency import Level

MACHINE = Machine(
    cpus=2,
    python="3.11",
    load=0.1,
    python_milliseconds=12.5,
    processor="a processor",
    system="Linux 6",
    versions={"postgres": "15.18"},
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
        rebuild=Rebuild(
            events=50_000,
            frame_events=32,
            rounds=3,
            per_second=spread_around(30_000),
            script_per_second=spread_around(120_000),
            ratio=spread_around(0.25),
            resident_bytes_before=70 << 20,
            resident_bytes_most=80 << 20,
        ),
        catch_up=CatchUp(
            region="asia-japan",
            events=5_000,
            cut_seconds=5,
            after_seconds={"us-iowa": 2.1, "europe-belgium": 2.25, "asia-japan": 1.5},
        ),
        waiting=Waiting(
            requests=1_000,
            created=999,
            late=1,
            resident_bytes_before=75 << 20,
            resident_bytes_most=110 << 20,
            idle_processor=0.006,
            served_after_seconds=0.5,
        ),
        space=Space(webhooks=6_400, triggers_of_a_webhook=5, frame_events=32, redis_bytes=113.5, log_bytes=284.4),
    )
