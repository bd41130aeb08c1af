"""`python -m deploy.docker.uplink REGION...`: the link between the region in `CROSSHOOK_REGION` and the others.

All traffic between regions passes their links. A link delays the connections that its region opens. It forwards
arriving traffic at once, since the other region's link has delayed it. The traffic is encrypted.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import assert_never

import click
import msgspec
import structlog

from core.positions import Region
from deploy.docker.layout import NATS_SERVERS, entry_of, exit_of, nats_at
from deploy.local.control.messages import (
    Answer,
    AskLinks,
    AskStatus,
    CutRegion,
    DelayPair,
    Done,
    HealRegion,
    LinksStatus,
    Refused,
    Request,
    RoundTripStatus,
    TakeSecrets,
)
from deploy.local.control.server import control_server
from deploy.local.errors import InvalidRequest, UnknownRegion
from deploy.local.network.geography import (
    ROUND_TRIP_MILLISECONDS_MAX,
    RoundTrips,
    plausible_round_trips,
    uniform_round_trips,
)
from deploy.local.network.links import Link
from runtime.health import Health
from runtime.health_routes import health_app
from runtime.logs import LogFormat, LogLevel, configure_logs
from runtime.process import run
from runtime.server import bind, serve
from runtime.settings import Environment, InvalidSetting

NAME = "demo"
"""The name under which `crosshook link` finds it."""

log = structlog.get_logger()


class Uplink:
    """The links of one region: to each NATS server of the other regions, and from these regions to each of its own.

    It has links for the largest number of servers. A link to a missing server is unused, and closes each connection at
    once.
    """

    def __init__(self, here: Region, regions: Sequence[Region], round_trips: RoundTrips) -> None:
        self._here = here
        self._regions = tuple(regions)
        self._round_trips = round_trips
        servers = range(1, max(NATS_SERVERS) + 1)
        self.incoming = [
            Link(listen=entry_of(here, server=server), upstream=nats_at(here, server=server)) for server in servers
        ]
        self.outgoing = {
            region: [
                Link(
                    listen=exit_of(here, to=region, regions=regions, server=server),
                    upstream=entry_of(region, server=server),
                    round_trip_seconds=round_trips.seconds(here, region),
                )
                for server in servers
            ]
            for region in regions
            if region != here
        }
        """Region -> a link to each of its NATS servers."""

    @property
    def links(self) -> tuple[Link, ...]:
        """All of them."""
        return *self.incoming, *(link for links in self.outgoing.values() for link in links)

    @property
    def is_cut(self) -> bool:
        """Whether the links are cut. They are cut and healed together."""
        return any(link.is_cut for link in self.links)

    @property
    def exits(self) -> Mapping[Region, list[int]]:
        """Region -> the address for each of its NATS servers."""
        return {region: [link.listen.port for link in links] for region, links in self.outgoing.items()}

    async def open(self) -> None:
        """Listen on every link."""
        await asyncio.gather(*(link.open() for link in self.links))

    async def close(self) -> None:
        """Close every link and its connections."""
        await asyncio.gather(*(link.close() for link in self.links))

    async def fulfil(self, request: Request) -> Answer:
        """Carry out `request`. Raises `LocalError`."""
        match request:
            case CutRegion(region):
                self._check_here(region)
                for link in self.links:
                    link.cut()
                log.info("cut off")
                return Done(f"heal it with `docker compose exec {region}-link crosshook link heal`")
            case HealRegion(region):
                self._check_here(region)
                for link in self.links:
                    link.heal()
                log.info("connected")
                return Done()
            case DelayPair(a, b, milliseconds):
                return self._delay(a, b, milliseconds)
            case AskLinks():
                return self._status()
            case AskStatus() | TakeSecrets():
                return Refused(f"this is the link of {self._here}, which knows no processes; use `crosshook link`")
            case _:
                assert_never(request)

    def _delay(self, a: str, b: str, milliseconds: float) -> Done:
        for region in (a, b):
            if region not in self._regions:
                raise UnknownRegion(region=region, known=self._regions)
        if self._here not in (a, b):
            raise InvalidRequest(f"this is the link of {self._here}; ask the link of {a} and that of {b}")
        self._round_trips.change(a, b, milliseconds=milliseconds)
        other = Region(b if a == self._here else a)
        for link in self.outgoing[other]:
            link.round_trip_seconds = milliseconds / 1000
        log.info("delayed", to=other, round_trip_milliseconds=milliseconds)
        return Done(f"this holds for connections from {self._here}; the link of {other} delays those from {other}")

    def _status(self) -> LinksStatus:
        return LinksStatus(
            regions=list(self._regions),
            cut=[self._here] if self.is_cut else [],
            round_trips=[
                RoundTripStatus(a=self._here, b=other, milliseconds=self._round_trips.milliseconds(self._here, other))
                for other in self.outgoing
            ],
        )

    def _check_here(self, region: str) -> None:
        if region not in self._regions:
            raise UnknownRegion(region=region, known=self._regions)
        if region != self._here:
            raise InvalidRequest(f"this is the link of {self._here}; ask the link of {region}")


class Settings(msgspec.Struct, frozen=True):
    """The settings of a link, and the address of its health check."""

    uplink: Uplink
    here: Region
    host: str
    port: int
    log_format: LogFormat = LogFormat.AUTO
    log_level: LogLevel = LogLevel.INFO


async def carry(settings: Settings) -> None:
    """Forward traffic until SIGTERM or SIGINT. A link that listens is ready, even if it is cut."""
    uplink = settings.uplink
    listener = bind(settings.host, settings.port)
    async with control_server(NAME) as control:
        await uplink.open()
        control.fulfil = uplink.fulfil
        log.info("listening", exits=uplink.exits)
        health = health_app(lambda: Health(region=settings.here, not_ready={}, halted={}))
        await serve(health, listener, drain_seconds=0)
        await uplink.close()


def read_settings(regions: Sequence[Region], variables: Mapping[str, str]) -> Settings:
    """The settings in the environment. Raises `InvalidSetting`."""
    environment = Environment(variables)
    here = Region(variables.get("CROSSHOOK_REGION", ""))
    if here not in regions:
        raise InvalidSetting("CROSSHOOK_REGION", f"one of {', '.join(regions)}", here)
    host, port = environment.address("CROSSHOOK_LISTEN", default="127.0.0.1:8080")
    trips = (
        uniform_round_trips(
            regions, milliseconds=environment.number("RTT", default=0, low=0, high=ROUND_TRIP_MILLISECONDS_MAX)
        )
        if variables.get("RTT")  # By default Compose sets it to an empty text.
        else plausible_round_trips(regions)
    )
    return Settings(
        uplink=Uplink(here, regions, trips),
        here=here,
        host=host,
        port=port,
        log_format=environment.choice("CROSSHOOK_LOG_FORMAT", default=LogFormat.AUTO),
        log_level=environment.choice("CROSSHOOK_LOG_LEVEL", default=LogLevel.INFO),
    )


async def carry_and_tell(settings: Settings) -> None:
    """Forward traffic, and log that."""
    configure_logs(settings.log_format, settings.log_level, process="link", region=settings.here)
    await carry(settings)


@click.command()
@click.argument("regions", nargs=-1, required=True)
def main(regions: Sequence[str]) -> None:
    """Carry the traffic between the region in $CROSSHOOK_REGION and the other REGIONS.

    A round trip to any other region takes $RTT milliseconds. Without $RTT it
    depends on the distance. `crosshook link`, in the same container, cuts, heals
    and delays the link.
    """
    known = [Region(region) for region in regions]
    sys.exit(run(lambda: read_settings(known, os.environ), carry_and_tell))


if __name__ == "__main__":
    main()
