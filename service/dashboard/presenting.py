"""Turn a sample of the lag into the messages for the page. Pure."""

from collections.abc import Mapping

from core.positions import Region
from core.topology import Topology
from runtime.health import Health
from service.dashboard.messages import Cell, Present, RegionRow, Remembered
from service.dashboard.words import notes, since_milliseconds
from service.http.write_latency import WriteLatency
from service.lag.history import NOT_KNOWN, LagHistory
from service.lag.matrix import Certainty, Lag, pairs
from service.lag.sampling import LagSample


def present(
    sample: LagSample,
    *,
    topology: Topology,
    health: Health,
    waiting_for: Mapping[Region, int],
    latencies: list[WriteLatency],
    process: str,
) -> Present:
    """The present: a sample, and the figures of this process."""
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
    """The past: the samples of the last 15 minutes."""
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
    """The one word for why a region has halted an origin, as it last announced; `""` if it has not."""
    heard = sample.known.heard.get(behind)
    return "" if heard is None else heard.halted.get(origin, "").partition(":")[0]
