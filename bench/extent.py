"""How much `python -m bench figures` measures."""

import msgspec


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured: the rounds and their seconds, then the sizes of the other parts."""

    rounds: int
    seconds: float
    linked_regions: tuple[int, ...]
    links_seconds: float
    cut_seconds: float
    rebuild_events: int
    rebuild_rounds: int
    behind_events: int
    behind_seconds: float
    waiting_requests: int
    idle_seconds: float


WHOLE = Extent(
    rounds=12,
    seconds=1.0,
    linked_regions=(3, 5, 10),
    links_seconds=20.0,
    cut_seconds=20.0,
    rebuild_events=1_000_000,
    rebuild_rounds=1,
    behind_events=100_000,
    behind_seconds=60.0,
    waiting_requests=10_000,
    idle_seconds=10.0,
)
QUICK = Extent(
    rounds=3,
    seconds=0.4,
    linked_regions=(3,),
    links_seconds=4.0,
    cut_seconds=3.0,
    rebuild_events=50_000,
    rebuild_rounds=3,
    behind_events=5_000,
    behind_seconds=5.0,
    waiting_requests=1_000,
    idle_seconds=2.0,
)
