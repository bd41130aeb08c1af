"""How soon every region has everything, after a cut during which one region wrote a lot."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import chain, islice

import msgspec

from bench.api import Service
from bench.errors import Unmeasured
from bench.fill import fill
from bench.population import triggers
from bench.recovery import until_fed
from bench.regions import Regions
from core.consistency import Level

FRAME_EVENTS = 32
POLL_SECONDS = 0.02
"""The regions are busy, and each look takes some of their time."""


class CatchUp(msgspec.Struct, frozen=True, kw_only=True):
    """The seconds from the heal until each region had everything. `region` was cut off, and wrote `events`."""

    region: str
    events: int
    cut_seconds: float
    after_seconds: dict[str, float]

    @property
    def everywhere_after_seconds(self) -> float:
        """When the last region had everything."""
        return max(self.after_seconds.values())


def catch_up(regions: Regions, *, cut_seconds: float, events: int, report: Callable[[int], None]) -> CatchUp:
    """Cut the last region off, store `events` in its log and one in each other log, heal, and measure.

    The cut lasts `cut_seconds`, or until the events are stored. `report` receives the number of events so far.
    """
    region = regions.names[-1]
    with ExitStack() as stack:
        services = {
            name: stack.enter_context(Service(regions.url(name), api_key=regions.api_key)) for name in regions.names
        }

        def written(name: str) -> str:
            """The last webhook of a region, which has applied it."""
            return services[name].register(Level.LOCAL_REGION)

        def settle() -> None:
            written(region)

        regions.cut(region)
        heal_at = time.monotonic() + cut_seconds
        stored = islice(chain.from_iterable(triggers()), events)
        fill(
            regions,
            stored,
            settle=settle,
            report=report,
            region=region,
            frame_events=FRAME_EVENTS,
        )
        last = {name: written(name) for name in regions.names}
        time.sleep(max(0.0, heal_at - time.monotonic()))
        wanted = {name: [webhook_id for other, webhook_id in last.items() if other != name] for name in last}
        if any(services[name].has(last[region]) for name in wanted if name != region):
            raise Unmeasured(f"a region received events while {region} was cut off")
        regions.heal(region)
        after = until_fed(services, wanted, poll_seconds=POLL_SECONDS)
    return CatchUp(region=region, events=events, cut_seconds=cut_seconds, after_seconds=after)
