"""How fast an emptied projection is rebuilt, beside the script alone."""

import time
from collections.abc import Callable
from functools import partial
from itertools import chain, islice

import msgspec

from bench.api import Service
from bench.errors import Unmeasured
from bench.fill import fill
from bench.memory import resident_bytes
from bench.population import triggers
from bench.product import product_side
from bench.redis_connection import RedisConnection
from bench.regions import Regions
from bench.rounds import interleaved
from bench.script_alone import empty_redis, script_seconds
from bench.servers import REPLICATOR, servers_of
from bench.spread import Spread, ratio_spread, spread_of
from core.consistency import Level

FRAME_EVENTS = 32
REBUILD_SECONDS_MAX = 600.0
_REBUILD, _SCRIPT = "rebuild", "script"
_POLL_SECONDS = 0.05


class Rebuild(msgspec.Struct, frozen=True, kw_only=True):
    """`events` a second in a rebuild, and in the script alone, which is fed the same writes.

    The memory is the replicator's before the first rebuild, and its most during any.
    """

    events: int
    frame_events: int
    rounds: int
    per_second: Spread
    script_per_second: Spread
    ratio: Spread
    resident_bytes_before: int
    resident_bytes_most: int


def rebuild(
    regions: Regions, *, events: int, rounds: int, stored: Callable[[int], None], report: Callable[[int], None]
) -> Rebuild:
    """Store `events`, then rebuild in each round, and run the script alone.

    `stored` receives the number of events so far, `report` that of finished measurements.
    """
    side, here = product_side(regions, Level.LOCAL_REGION), regions.names[0]
    all_events = islice(chain.from_iterable(triggers()), events)
    fill(regions, all_events, settle=side.settle, report=stored, frame_events=FRAME_EVENTS)
    replicator = regions.status.regions[0].replicators[0].pid
    before = resident_bytes(replicator)
    with empty_redis() as url:
        measurements: dict[str, Callable[[], tuple[float, int]]] = {
            _REBUILD: partial(_rebuilt, regions, here, replicator),
            _SCRIPT: lambda: (script_seconds(regions, here, url), 0),
        }
        measured = interleaved(measurements, rounds=rounds, report=report)
    rates = {what: [events / seconds for seconds, _ in found] for what, found in measured.items()}
    return Rebuild(
        events=events,
        frame_events=FRAME_EVENTS,
        rounds=rounds,
        per_second=spread_of(rates[_REBUILD]),
        script_per_second=spread_of(rates[_SCRIPT]),
        ratio=ratio_spread(rates[_REBUILD], rates[_SCRIPT]),
        resident_bytes_before=before,
        resident_bytes_most=max(most for _, most in measured[_REBUILD]),
    )


def _rebuilt(regions: Regions, region: str, replicator: int) -> tuple[float, int]:
    """Empty the region's Redis. Returns the seconds until it answers reads, and the replicator's most memory."""
    url = servers_of(regions, region, login=REPLICATOR).redis
    with Service(regions.url(region), api_key=regions.api_key) as service, RedisConnection(url) as redis:
        redis.call("FLUSHDB")
        began, most = time.perf_counter(), resident_bytes(replicator)
        while not service.is_current():
            if time.perf_counter() - began > REBUILD_SECONDS_MAX:
                raise Unmeasured(f"the projection was not rebuilt within {REBUILD_SECONDS_MAX:g} s")
            most = max(most, resident_bytes(replicator))
            time.sleep(_POLL_SECONDS)
        return time.perf_counter() - began, most
