"""The measurements of cost against size: more connections, regions, triggers or webhooks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain, islice
from pathlib import Path

import msgspec
from rich.console import Console

from bench.api import webhook_creation
from bench.burst import Burst, burst
from bench.curve import Curve, Size, size_of
from bench.fill import fill
from bench.peers import postgres_sides
from bench.population import Organization, Owned, new_organization, triggers, webhooks
from bench.product import product_side
from bench.progress import reporter
from bench.regions import WITHOUT_DELAYS, Regions, running_regions
from bench.rounds import K, interleaved
from bench.side import PRODUCT, Side
from core.consistency import Level

REGIONS_CONNECTIONS = 8
CREATIONS_IN_A_ROUND = 10
"""How many organizations get one more webhook in each round."""

FIRST_TRIGGERS = 1_000


class Pace(msgspec.Struct, frozen=True):
    """The rounds of each measurement, the seconds of each load, and where progress is printed."""

    rounds: int
    seconds: float
    progress: Console

    def measure(self, bursts: Mapping[K, Callable[[], Burst]]) -> list[Sequence[Burst]]:
        """The rounds of each burst, in the order of `bursts`."""
        report = reporter(self.rounds * len(bursts), "load", self.progress)
        return list(interleaved(bursts, rounds=self.rounds, report=report).values())


def over_connections(sizes: Sequence[int], pace: Pace, *, postgres: Path | None) -> Curve:
    """One region without delays, beside PostgreSQL if it is installed."""
    pace.progress.print("connections: starting 1 region")
    with ExitStack() as stack:
        regions = stack.enter_context(running_regions(count=1, options=WITHOUT_DELAYS))
        sides = [product_side(regions, Level.LOCAL_REGION)]
        if postgres is not None:
            sides += stack.enter_context(postgres_sides(postgres))
        measured = pace.measure({(side.name, size): _burst(side, size, pace) for size in sizes for side in sides})
    places = [(size, side.name) for size in sizes for side in sides]
    series: dict[str, list[Size]] = {side.name: [] for side in sides}
    for (size, name), rounds in zip(places, measured, strict=True):
        series[name].append(size_of(size, rounds))
    return Curve(what="connections", load="one region, local_region", series=series)


def over_regions(sizes: Sequence[int], pace: Pace) -> Curve:
    """All regions on this machine, without delays: one count of regions after the other."""
    series: dict[str, list[Size]] = {str(level): [] for level in Level}
    for size in sizes:
        pace.progress.print(f"regions: starting {size}")
        with running_regions(count=size, options=WITHOUT_DELAYS) as regions:
            sides = [product_side(regions, level, name=str(level)) for level in Level]
            measured = pace.measure({(side.name, size): _burst(side, REGIONS_CONNECTIONS, pace) for side in sides})
        for side, rounds in zip(sides, measured, strict=True):
            series[side.name].append(size_of(size, rounds))
    return Curve(what="regions", load=f"{REGIONS_CONNECTIONS} connections, without delays", series=series)


def over_triggers(sizes: Sequence[int], pace: Pace) -> Curve:
    """One region that is filled, and one that stays at `FIRST_TRIGGERS`: each round loads both."""
    pace.progress.print("triggers: starting 2 regions apart")
    stored = []
    with ExitStack() as stack:
        first, grown = (stack.enter_context(running_regions(count=1, options=WITHOUT_DELAYS)) for _ in range(2))
        first_side, grown_side = (product_side(regions, Level.LOCAL_REGION) for regions in (first, grown))
        _fill(first, first_side, islice(triggers(), FIRST_TRIGGERS), FIRST_TRIGGERS, pace)
        more, held = triggers(), 0
        for size in sizes:
            _fill(grown, grown_side, islice(more, size - held), size - held, pace)
            held = size
            base, rounds = pace.measure(
                {("first", size): _burst(first_side, 1, pace), ("grown", size): _burst(grown_side, 1, pace)}
            )
            stored.append(size_of(size, rounds, first=base))
    return Curve(what="triggers", load="one region, one connection, local_region", series={PRODUCT: stored})


def over_webhooks(sizes: Sequence[int], pace: Pace) -> Curve:
    """Creations of one more webhook, in organizations that have one fewer than the size."""
    pace.progress.print("webhooks: starting 1 region")
    with running_regions(count=1, options=WITHOUT_DELAYS) as regions:
        side = product_side(regions, Level.LOCAL_REGION)
        creations = {size: _creations(regions, side, size, pace) for size in sizes}
        first, *others = pace.measure(creations)
    series = [size_of(sizes[0], first)]
    series += [size_of(size, rounds, first=first) for size, rounds in zip(sizes[1:], others, strict=True)]
    return Curve(what="webhooks", load="one region, one connection, local_region", series={PRODUCT: series})


def _burst(side: Side, connections: int, pace: Pace) -> Callable[[], Burst]:
    return partial(burst, side, connections=connections, seconds=pace.seconds)


def _fill(regions: Regions, side: Side, stored: Iterator[Sequence[Owned]], count: int, pace: Pace) -> None:
    pace.progress.print(f"storing {count:,} triggers")
    _append(regions, side, chain.from_iterable(stored), pace)


def _append(regions: Regions, side: Side, events: Iterator[Owned], pace: Pace) -> None:
    fill(regions, events, settle=side.settle, report=lambda filled: pace.progress.print(f"{filled:,} events stored"))


def _creations(regions: Regions, side: Side, size: int, pace: Pace) -> Callable[[], Burst]:
    """Fill new organizations up to one webhook below `size`. The result creates the last one in some of them."""
    organizations = [new_organization() for _ in range(CREATIONS_IN_A_ROUND * pace.rounds)]
    pace.progress.print(f"storing {len(organizations)} organizations of {size - 1} webhooks")
    _append(regions, side, chain.from_iterable(_organization(owner, size - 1) for owner in organizations), pace)
    upcoming = iter([webhook_creation(owner.organization_id, api_key=owner.api_key) for owner in organizations])

    def create() -> Burst:
        requests = list(islice(upcoming, CREATIONS_IN_A_ROUND))
        creating = msgspec.structs.replace(side, requests=requests)
        return burst(creating, connections=1, seconds=pace.seconds, count_max=len(requests))

    return create


def _organization(owner: Organization, count: int) -> Iterator[Owned]:
    yield owner.issued()
    yield from map(owner.owns, islice(webhooks(), count))
