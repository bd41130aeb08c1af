"""The measurements, one function a figure."""

import time
from collections.abc import Mapping
from contextlib import ExitStack

import msgspec

from bench.api import Service, trigger_creations
from bench.closed_loop import closed_loop
from bench.errors import Unmeasured
from bench.regions import Regions
from bench.samples import Latency, Samples
from core.consistency import Level

WARM_UP_COUNT = 50
WARM_UP_SECONDS = 5.0
FED_SECONDS_MAX = 60.0
_POLL_SECONDS = 0.005


class Local(msgspec.Struct, frozen=True):
    """`local_region` in one region."""

    region: str
    connections: int
    latency: Latency
    per_second: float


class Everywhere(msgspec.Struct, frozen=True):
    """`all_regions` from one region, one request at a time. `ratio` is p50 over the farthest round trip."""

    region: str
    farthest: str
    round_trip_milliseconds: float
    latency: Latency
    ratio: float | None


class Recovery(msgspec.Struct, frozen=True):
    """The seconds from the heal until the cut-off region had the other's write, and the other had its write."""

    region: str
    other: str
    cut_seconds: float
    fed_after_seconds: float
    heard_after_seconds: float


def local(regions: Regions, *, connections: int, count_max: int, seconds_max: float) -> Local:
    """Create triggers in the first region, waiting for that region alone."""
    region = regions.names[0]
    samples = _create(
        regions, region, Level.LOCAL_REGION, connections=connections, count_max=count_max, seconds_max=seconds_max
    )
    return Local(
        region=region, connections=connections, latency=samples.latency(), per_second=round(samples.per_second(), 1)
    )


def everywhere(regions: Regions, region: str, *, count_max: int, seconds_max: float) -> Everywhere:
    """Create triggers in `region`, waiting for every region."""
    samples = _create(regions, region, Level.ALL_REGIONS, connections=1, count_max=count_max, seconds_max=seconds_max)
    farthest, milliseconds = regions.farthest(region)
    latency = samples.latency()
    return Everywhere(
        region=region,
        farthest=farthest,
        round_trip_milliseconds=milliseconds,
        latency=latency,
        ratio=round(latency.p50_milliseconds / milliseconds, 3) if milliseconds else None,
    )


def recovery(regions: Regions, *, cut_seconds: float) -> Recovery:
    """Cut the last region off, write on both sides, heal, and measure when each side has the other's write."""
    other, region = regions.names[0], regions.names[-1]
    regions.cut(region)
    wanted = {region: _registered(regions, other), other: _registered(regions, region)}
    time.sleep(cut_seconds)
    with ExitStack() as stack:
        services = {name: stack.enter_context(_service(regions, name)) for name in wanted}
        for name, webhook_id in wanted.items():
            if services[name].has(webhook_id):
                raise Unmeasured(f"{name} received events while {region} was cut off")
        regions.heal(region)
        after = _until_fed(services, wanted)
    return Recovery(
        region=region,
        other=other,
        cut_seconds=cut_seconds,
        fed_after_seconds=after[region],
        heard_after_seconds=after[other],
    )


def _registered(regions: Regions, region: str) -> str:
    with _service(regions, region) as service:
        return service.register(Level.LOCAL_REGION)


def _service(regions: Regions, region: str) -> Service:
    return Service(regions.url(region), api_key=regions.api_key)


def _until_fed(services: Mapping[str, Service], wanted: Mapping[str, str]) -> dict[str, float]:
    """Region -> seconds until it had its `wanted` webhook."""
    begin = time.perf_counter()
    after: dict[str, float] = {}
    while len(after) < len(wanted):
        for name, webhook_id in wanted.items():
            if name not in after and services[name].has(webhook_id):
                after[name] = round(time.perf_counter() - begin, 3)
        if time.perf_counter() - begin > FED_SECONDS_MAX:
            raise Unmeasured(f"a region did not catch up within {FED_SECONDS_MAX:g} s of the heal")
        time.sleep(_POLL_SECONDS)
    return after


def _create(
    regions: Regions, region: str, level: Level, *, connections: int, count_max: int, seconds_max: float
) -> Samples:
    """Create triggers of a new webhook, after a warm-up and after every region has applied all earlier events."""
    with _service(regions, region) as service:
        requests = trigger_creations(service.register(Level.ALL_REGIONS), level, api_key=regions.api_key)
        address = service.address
    warm_up = min(WARM_UP_COUNT, count_max)
    closed_loop(address, requests, connections=connections, count_max=warm_up, seconds_max=WARM_UP_SECONDS)
    return closed_loop(address, requests, connections=connections, count_max=count_max, seconds_max=seconds_max)
