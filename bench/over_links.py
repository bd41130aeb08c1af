"""`all_regions` over the links between the regions, at a fixed rate."""

from functools import partial

import msgspec

from bench.closed_loop import CONNECTIONS_MAX
from bench.open_loop import open_loop
from bench.product import product_side
from bench.regions import Regions
from bench.samples import Latency
from core.consistency import Level

WARM_UP_SECONDS = 1.0


class OverLinks(msgspec.Struct, frozen=True, kw_only=True):
    """The times of `all_regions` writes in one region, and the round trip from there to the farthest region."""

    regions: int
    region: str
    farthest: str
    round_trip_milliseconds: float
    per_second: float
    latency: Latency


def over_links(regions: Regions, *, per_second: float, seconds: float) -> OverLinks:
    """Create triggers in the first region, `per_second`, and wait for every region each time."""
    side = product_side(regions, Level.ALL_REGIONS)
    load = partial(open_loop, side.address, side.requests, connections=CONNECTIONS_MAX, per_second=per_second)
    load(seconds=min(WARM_UP_SECONDS, seconds))
    samples = load(seconds=seconds)
    farthest, milliseconds = regions.farthest(regions.names[0])
    return OverLinks(
        regions=len(regions.names),
        region=regions.names[0],
        farthest=farthest,
        round_trip_milliseconds=milliseconds,
        per_second=per_second,
        latency=samples.latency(),
    )
