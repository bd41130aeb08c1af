"""How much `python -m bench figures` measures."""

import msgspec


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured: the rounds and their seconds, then the regions and seconds of the other parts."""

    rounds: int
    seconds: float
    linked_regions: tuple[int, ...]
    links_seconds: float
    cut_seconds: float


WHOLE = Extent(rounds=12, seconds=1.0, linked_regions=(3, 5, 10), links_seconds=20.0, cut_seconds=20.0)
QUICK = Extent(rounds=3, seconds=0.4, linked_regions=(3,), links_seconds=4.0, cut_seconds=3.0)
