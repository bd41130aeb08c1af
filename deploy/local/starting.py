"""Start regions on this machine, and remove everything of them at the end."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from core.positions import Region
from deploy.local.data import data_directory
from deploy.local.network.geography import RoundTrips, plausible_round_trips, region_names, uniform_round_trips
from deploy.local.network.mesh import Mesh
from deploy.local.network.ports import Ports
from deploy.local.processes.children import READY_SECONDS_MAX
from deploy.local.processes.configuration import topology_text
from deploy.local.processes.servers import find_servers
from deploy.local.region import LocalRegion
from deploy.local.regions import LocalRegions, Report
from deploy.local.secrets import keep_logins, vault_of
from deploy.logins import new_admin_key, write_private

_ADMIN_KEY = "CROSSHOOK_ADMIN_KEY"


@asynccontextmanager
async def local_regions(
    *,
    regions: int | Sequence[str] = 3,
    round_trips: RoundTrips | float | None = None,
    data: Path | None = None,
    http_port: int = 0,
    nats_servers: int = 1,
    services: int = 1,
    replicators: int = 1,
    settings: Mapping[str, str] | None = None,
    ready_within_seconds: float = READY_SECONDS_MAX,
    report: Report | None = None,
) -> AsyncIterator[LocalRegions]:
    """Regions that are ready. At the end their processes are stopped and, without `data`, their files removed.

    `regions` are names, or the number of the usual ones. `round_trips` are milliseconds; without them geography
    decides. The first services listen on `http_port` and the ports after it, or on any port if it is 0. Each region has
    this number of `nats_servers`, and each server keeps all of the region's logs. It starts with this number of
    `services` and `replicators`. They get `settings` (`CROSSHOOK_*`) besides their own, and no other `CROSSHOOK_*`
    variable. Without an admin key a new one is made. Raises `LocalError`.
    """
    names = region_names(regions) if isinstance(regions, int) else tuple(regions)
    ports = Ports()
    try:
        with data_directory(data, regions=names, nats_servers=nats_servers) as directory:
            # Claimed first: the other claims take any port, and could take one of these.
            given = _given_ports(http_port, ports, names) if http_port and services else {}
            demo = _prepare(
                names,
                _round_trips(names, round_trips),
                directory=directory,
                ports=ports,
                settings=settings,
                nats_servers=nats_servers,
            )
            for name, region in demo.regions.items():
                for number in range(services):
                    port = given.get(name) if number == 0 else None
                    region.prepare_service(port=port or ports.claim_any())
                for _ in range(replicators):
                    region.prepare_replicator()
            try:
                await demo.start(within_seconds=ready_within_seconds, report=report)
                yield demo
            finally:
                await _to_the_end(demo.stop(), hurry=demo.kill_now)
    finally:
        ports.close()


def _prepare(
    names: Sequence[str],
    round_trips: RoundTrips,
    *,
    directory: Path,
    ports: Ports,
    settings: Mapping[str, str] | None,
    nats_servers: int,
) -> LocalRegions:
    """Everything but the services and replicators. Files are written and ports claimed, and nothing is started."""
    settings = {_ADMIN_KEY: new_admin_key(), **(settings or {})}
    servers = find_servers()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CROSSHOOK_")}
    environment["PYTHONUNBUFFERED"] = "1"
    logins = keep_logins(vault_of(directory), [Region(name) for name in names], now=datetime.now(UTC))
    regions = [
        LocalRegion(
            name,
            directory=directory / name,
            servers=servers,
            ports=ports,
            logins=logins,
            environment=environment,
            settings=settings,
            nats_server_count=nats_servers,
        )
        for name in names
    ]
    nats_ports = {region.name: region.nats_ports for region in regions}
    redis_ports = {region.name: region.redis_port for region in regions}
    mesh = Mesh(names, nats_ports=nats_ports, round_trips=round_trips, ports=ports)
    for region in regions:
        seen = {name: mesh.ports(region.name, name) for name in nats_ports if name != region.name}
        write_private(region.topology, topology_text(nats_ports=nats_ports | seen, redis_ports=redis_ports))
    return LocalRegions(regions, mesh=mesh, data=directory, admin_key=settings[_ADMIN_KEY], servers=servers)


def _round_trips(names: Sequence[str], given: RoundTrips | float | None) -> RoundTrips:
    if given is None:
        return plausible_round_trips(names)
    return given if isinstance(given, RoundTrips) else uniform_round_trips(names, milliseconds=given)


def _given_ports(first: int, ports: Ports, names: Sequence[str]) -> Mapping[str, int]:
    """Region -> the port of its first service."""
    remedy = "end what listens there or choose another --http-port"
    return {
        name: ports.claim(port, wanted_by=f"the service of {name}", remedy=remedy)
        for port, name in enumerate(names, start=first)
    }


async def _to_the_end(work: Coroutine[None, None, None], *, hurry: Callable[[], None]) -> None:
    """Finish `work` even if cancelled. A cancellation only calls `hurry`."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
            hurry()
    if cancelled is not None:
        raise cancelled
