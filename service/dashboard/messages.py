"""What the page is told: the present once a second, and at first the past. No organization is in either. Pure."""

from collections.abc import Mapping

import msgspec

from core.positions import Region
from core.topology import Topology
from runtime.health import Condition, Health
from service.dashboard.words import Note, notes, since_milliseconds
from service.http.write_latency import WriteLatency
from service.lag.history import NOT_KNOWN, LagHistory
from service.lag.matrix import Certainty, Lag, pairs
from service.lag.sampling import LagSample


class RegionRow(msgspec.Struct, frozen=True):
    """A region. `since_milliseconds` is when it was last heard, where it is not heard now."""

    name: Region
    state: str
    is_current: bool
    has_own_nats: bool
    """Whether it says nothing to the contrary."""

    since_milliseconds: int | None
    waiting: int
    """How many requests of this process wait for it right now."""


class Cell(msgspec.Struct, frozen=True):
    """A lag. `events` is None where nothing is known, and `since_milliseconds` says since when that is uncertain."""

    events: int | None
    milliseconds: int | None
    certainty: Certainty
    since_milliseconds: int | None
    halted: str


class Present(msgspec.Struct, frozen=True):
    """What there is to see now. The cells are in the order of the regions, row by row: who is behind, then whom."""

    at_milliseconds: int
    here: Region
    process: str
    """HOST:PORT of the process that tells this, and that alone the paces and whoever waits are of."""

    condition: Condition
    regions: list[RegionRow]
    cells: list[Cell]
    latencies: list[WriteLatency] = msgspec.field(name="paces")
    notes: list[Note]


class Remembered(msgspec.Struct, frozen=True):
    """The samples that are remembered, and what in them stands for what was not known."""

    regions: tuple[Region, ...]
    not_known: int
    at_milliseconds: list[int]
    events: list[list[int]]
    milliseconds: list[list[int]]


def present(
    sample: LagSample,
    *,
    topology: Topology,
    health: Health,
    waiting_for: Mapping[Region, int],
    latencies: list[WriteLatency],
    process: str,
) -> Present:
    """What there is to see of a sample, and beside it."""
    known = sample.known
    return Present(
        at_milliseconds=sample.at_milliseconds,
        here=known.here,
        process=process,
        condition=health.condition,
        regions=[
            RegionRow(
                name=region,
                state=topology.regions[region].state,
                is_current=region in known.heard and known.heard[region].is_current,
                has_own_nats=not (known.is_heard(region) and region in known.heard[region].not_connected),
                since_milliseconds=None
                if known.is_heard(region)
                else since_milliseconds(sample, known.now_seconds - known.heard_at_seconds(region)),
                waiting=waiting_for.get(region, 0),
            )
            for region in known.regions
        ],
        cells=[
            _cell(sample, sample.lags[pair], halted=_halted(sample, behind=pair.behind, origin=pair.origin))
            for pair in pairs(known)
        ],
        latencies=latencies,
        notes=notes(sample, topology=topology, health=health),
    )


def past(history: LagHistory, regions: tuple[Region, ...]) -> Remembered:
    """What there was to see."""
    return Remembered(regions, NOT_KNOWN, *history.past())


def _cell(sample: LagSample, lag: Lag, *, halted: str) -> Cell:
    is_certain = lag.certainty in {Certainty.EXACT, Certainty.OTHER_LOG}
    return Cell(
        events=lag.events if lag.events > 0 or lag.certainty is Certainty.EXACT else None,
        milliseconds=lag.milliseconds,
        certainty=lag.certainty,
        since_milliseconds=None if is_certain else since_milliseconds(sample, lag.unheard_seconds),
        halted=halted,
    )


def _halted(sample: LagSample, *, behind: Region, origin: Region) -> str:
    """The one word for why a region has halted an origin, as far as it is heard; `""` if it has not."""
    heard = sample.known.heard.get(behind)
    return "" if heard is None else heard.halted.get(origin, "").partition(":")[0]
