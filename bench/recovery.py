"""How soon a region that was cut off catches up."""

import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack

import msgspec

from bench.api import Service
from bench.errors import Unmeasured
from bench.regions import Regions
from core.consistency import Level

FED_SECONDS_MAX = 60.0
POLL_SECONDS = 0.005


class Recovery(msgspec.Struct, frozen=True):
    """The seconds from the heal until the cut-off region had the other's write, and the other had its write."""

    region: str
    other: str
    cut_seconds: float
    fed_after_seconds: float
    heard_after_seconds: float


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
        after = until_fed(services, {name: [webhook_id] for name, webhook_id in wanted.items()})
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


def until_fed(
    services: Mapping[str, Service], wanted: Mapping[str, Collection[str]], *, poll_seconds: float = POLL_SECONDS
) -> dict[str, float]:
    """Region -> seconds until it had its `wanted` webhooks. It looks every `poll_seconds`."""
    begin = time.perf_counter()
    after: dict[str, float] = {}
    while len(after) < len(wanted):
        for name, webhook_ids in wanted.items():
            if name not in after and all(map(services[name].has, webhook_ids)):
                after[name] = round(time.perf_counter() - begin, 3)
        if time.perf_counter() - begin > FED_SECONDS_MAX:
            raise Unmeasured(f"a region did not catch up within {FED_SECONDS_MAX:g} s of the heal")
        time.sleep(poll_seconds)
    return after
