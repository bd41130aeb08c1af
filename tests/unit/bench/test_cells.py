"""A cell sums up one side at one load, and the product's cells compare it with every other side."""

from bench.burst import Burst
from bench.cells import TOTAL, Load, cells_of
from bench.side import PEER, PRODUCT
from core.consistency import Level


def bursts(*rates: float, p50: float = 1.0) -> list[Burst]:
    return [
        Burst(
            per_second=rate,
            p50_milliseconds=p50,
            p99_milliseconds=9.0,
            processor_milliseconds={"service": 0.5, "Redis": 0.25},
        )
        for rate in rates
    ]


MEASURED = {
    Load(PRODUCT, Level.LOCAL_REGION, 8): bursts(50, 100, 30, p50=4),
    Load(PEER, Level.LOCAL_REGION, 8): bursts(100, 200, 20, p50=2),
    Load(PRODUCT, Level.LOCAL_REGION, 32): bursts(400),
    Load(PEER, Level.LOCAL_REGION, 32): bursts(200),
    Load("a build", Level.ALL_REGIONS, 32): bursts(1),
}


def test_a_ratio_is_of_the_same_round_and_the_same_load() -> None:
    few, peer, many, *_ = cells_of(MEASURED)
    assert list(few.over) == list(many.over) == [PEER]
    assert few.over[PEER].per_second.median == 0.5
    assert few.over[PEER].per_second.most == 1.5
    assert (few.over[PEER].p50.median, many.over[PEER].per_second.median) == (2, 2)
    assert peer.over == {}


def test_the_processor_time_is_known_for_each_kind_and_in_total() -> None:
    cell = cells_of(MEASURED)[0]
    assert (cell.rounds, cell.per_second.median, cell.p99_milliseconds.median) == (3, 50, 9)
    assert {kind: spread.median for kind, spread in cell.processor_milliseconds.items()} == {
        "service": 0.5,
        "Redis": 0.25,
        TOTAL: 0.75,
    }
