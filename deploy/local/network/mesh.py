"""The links between all regions: each region reaches every other one through links of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import permutations

from deploy.local.errors import UnknownRegion
from deploy.local.network.geography import RoundTrips
from deploy.local.network.links import Address, Link
from deploy.local.network.ports import LOCALHOST, Ports


class Mesh:
    """Every region's links to every other region's NATS. Cutting a region cuts all links from it and to it."""

    def __init__(
        self, regions: Sequence[str], *, nats_ports: Mapping[str, Sequence[int]], round_trips: RoundTrips, ports: Ports
    ) -> None:
        self.round_trips = round_trips
        self.regions = tuple(regions)
        self._cut: set[str] = set()
        self.links = {
            (source, target): [
                Link(
                    listen=Address(LOCALHOST, ports.claim_any()),
                    upstream=Address(LOCALHOST, port),
                    round_trip_seconds=round_trips.seconds(source, target),
                )
                for port in nats_ports[target]
            ]
            for source, target in permutations(self.regions, 2)
        }
        """(source, target) -> a link to each NATS server of the target."""

    @property
    def cut_regions(self) -> frozenset[str]:
        """The regions that are cut off."""
        return frozenset(self._cut)

    def ports(self, source: str, target: str) -> list[int]:
        """The ports at which `source` reaches each NATS server of `target`."""
        return [link.listen.port for link in self.links[source, target]]

    async def open(self) -> None:
        """Listen on every link."""
        await asyncio.gather(*(link.open() for links in self.links.values() for link in links))

    async def close(self) -> None:
        """Close every link and its connections."""
        await asyncio.gather(*(link.close() for links in self.links.values() for link in links))

    def cut(self, region: str) -> None:
        """Cut `region` off from all others. Raises `UnknownRegion`."""
        self._check(region)
        self._cut.add(region)
        for pair, links in self.links.items():
            if region in pair:
                for link in links:
                    link.cut()

    def heal(self, region: str) -> None:
        """Undo a cut of `region`. Nothing passes to another region that is still cut off."""
        self._check(region)
        self._cut.discard(region)
        for pair, links in self.links.items():
            if region in pair and not self._cut & set(pair):
                for link in links:
                    link.heal()

    def delay(self, a: str, b: str, *, milliseconds: float) -> None:
        """Set the round trip between `a` and `b`. Raises `UnknownRegion`, `InvalidRequest`."""
        self._check(a)
        self._check(b)
        self.round_trips.change(a, b, milliseconds=milliseconds)
        for link in (*self.links[a, b], *self.links[b, a]):
            link.round_trip_seconds = milliseconds / 1000

    def _check(self, region: str) -> None:
        if region not in self.regions:
            raise UnknownRegion(region=region, known=self.regions)
