"""The levels a caller can ask for, and the watermarks that each one waits for."""

from enum import StrEnum

from core.positions import Region
from core.topology import Topology

BY_TOKEN = "token"  # noqa: S105 - the name of what is waited for
"""The label of requests that wait for their token's state. All others wait for their level."""


class Level(StrEnum):
    """How far an event must have spread before the request returns."""

    LOCAL_REGION = "local_region"
    ALL_REGIONS = "all_regions"


def regions_needed(level: Level, *, here: Region, topology: Topology) -> frozenset[Region]:
    """The regions that must have applied an event of `here` for `level` to be reached."""
    match level:
        case Level.LOCAL_REGION:
            return frozenset({here})
        case Level.ALL_REGIONS:
            return topology.waited_for() | {here}
