"""What `docker-compose.yml`, `deploy/nats/three.yml` and the code here have to agree on: names, ports, paths, users.

A region's NATS servers are numbered from 1 on. Where there is one it is the first.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from core.positions import Region
from deploy.local.network.links import Address

NATS_VERSION: Final = (2, 15, 0)
"""What the configuration is for."""

NATS_SERVERS: Final = (1, 3)
"""How many a region may have. Two would be worse than one: without either of them nothing can be written."""

NATS_PORT: Final = 4222
ROUTE_PORT: Final = 6222
"""Where a region's NATS servers listen to one another, if there are several."""

REDIS_PORT: Final = 6379
MONITOR: Final = "127.0.0.1:8222"
"""Where NATS says whether it is healthy: in its own container only."""

_EXIT_PORT_FIRST: Final = 4301
_EXIT_PORTS_OF_A_SERVER: Final = 100

FILES: Final = "/etc/crosshook"
"""Where a container has the files of its role."""

DATA: Final = "/var/lib/crosshook"
"""Where it has its data: a path that no image has, since the engine gives a volume the owner of what it covers."""


PROCESSES: Final = ("service", "replicator")
"""The roles of which each region has two."""


class Users(msgspec.Struct, frozen=True):
    """The user ids of the processes: each kind of server has its own."""

    crosshook: int = 10001
    nats: int = 10002
    redis: int = 10003
    prometheus: int = 65534
    grafana: int = 472
    """That of the image."""


USERS: Final = Users()


def nats_at(region: Region, *, server: int = 1) -> Address:
    """A NATS server of a region, in its network."""
    return Address(nats_service(region, server=server), NATS_PORT)


def nats_service(region: Region, *, server: int = 1) -> str:
    """What its container and its volume of files are called."""
    return f"{region}-nats" if server == 1 else f"{region}-nats-{server}"


def services_of(region: Region) -> Mapping[str, Sequence[str]]:
    """By a volume of files, which services of docker-compose.yml read it as they start."""
    servers = [nats_service(region, server=server) for server in range(1, max(NATS_SERVERS) + 1)]
    processes = {f"{region}-{role}": [f"{region}-{role}-{number}" for number in (1, 2)] for role in PROCESSES}
    return {**{name: [name] for name in (*servers, f"{region}-redis")}, **processes}


def route_to(region: Region, *, server: int) -> Address:
    """Where the region's other NATS servers reach it."""
    return Address(nats_service(region, server=server), ROUTE_PORT)


def redis_at(region: Region) -> Address:
    """A region's Redis, in its network."""
    return Address(f"{region}-redis", REDIS_PORT)


def entry_of(region: Region, *, server: int = 1) -> Address:
    """Where a region's link takes what comes for a NATS server of its, in the network between the regions."""
    return Address(f"{region}-entry", NATS_PORT + server - 1)


def exit_of(region: Region, *, to: Region, regions: Sequence[Region], server: int = 1) -> Address:
    """Where a region's link takes what is for a NATS server of `to`, in the region's own network."""
    first = _EXIT_PORT_FIRST + _EXIT_PORTS_OF_A_SERVER * (server - 1)
    return Address(f"{region}-exit", first + regions.index(to))
