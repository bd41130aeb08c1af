"""All figures of one run."""

import msgspec

from bench.catch_up import CatchUp
from bench.cells import Cell
from bench.machine import Machine
from bench.over_links import OverLinks
from bench.rebuild import Rebuild
from bench.recovery import Recovery
from bench.space import Space
from bench.waiting import Waiting


class Report(msgspec.Struct, frozen=True, kw_only=True, tag="figures"):
    """All figures. A part that was left out is empty, and `left_out` says why."""

    machine: Machine
    rounds: int
    seconds: float
    left_out: list[str]
    one_region: list[Cell]
    three_regions: list[Cell]
    over_links: list[OverLinks]
    recovery: Recovery | None
    rebuild: Rebuild | None = None
    catch_up: CatchUp | None = None
    space: Space | None = None
    waiting: Waiting | None = None
