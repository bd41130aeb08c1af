"""The names, ports, paths and users that `docker-compose.yml`, `deploy/nats/three.yml` and this code share.

A region's NATS servers are numbered from 1 on.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from core.positions import Region
from deploy.local.network.links import Address

NATS_VERSION: Final = (2, 15, 0)
"""The version of NATS that the configuration is for."""

NATS_SERVERS: Final = (1, 3)
"""How many a region may have. Two would be worse than one: the region could write only while both run."""

NATS_PORT: Final = 4222
ROUTE_PORT: Final = 6222
"""The port at which a region's NATS servers listen to one another, if there are several."""

REDIS_PORT: Final = 6379
MONITOR: Final = "127.0.0.1:8222"
"""The address at which NATS reports its health: in its own container only."""

_EXIT_PORT_FIRST: Final = 4301
_EXIT_PORTS_OF_A_SERVER: Final = 100

FILES: Final = "/etc/crosshook"
"""The directory with the files of a container's role."""

DATA: Final = "/var/lib/crosshook"
"""The directory with a container's data.

No image has this path: the engine gives a volume the owner of the directory that it covers.
"""


PROCESSES: Final = ("service", "replicator")
"""The roles with two containers in each region."""


class Users(msgspec.Struct, frozen=True):
    """The user ids of the processes: each kind of server has its own."""

    crosshook: int = 10001
    nats: int = 10002
    redis: int = 10003
    prometheus: int = 65534
    grafana: int = 472
    """As in Grafana's image."""


USERS: Final = Users()


def nats_at(region: Region, *, server: int = 1) -> Address:
    """A NATS server of a region, in its network."""
    return Address(nats_service(region, server=server), NATS_PORT)


def nats_service(region: Region, *, server: int = 1) -> str:
    """The name of its container and of its volume of files."""
    return f"{region}-nats" if server == 1 else f"{region}-nats-{server}"


def services_of(region: Region) -> Mapping[str, Sequence[str]]:
    """Volume of files -> the services of docker-compose.yml that read it when they start."""
    servers = [nats_service(region, server=server) for server in range(1, max(NATS_SERVERS) + 1)]
    processes = {f"{region}-{role}": [f"{region}-{role}-{number}" for number in (1, 2)] for role in PROCESSES}
    return {**{name: [name] for name in (*servers, f"{region}-redis")}, **processes}


def route_to(region: Region, *, server: int) -> Address:
    """The address at which the region's other NATS servers reach it."""
    return Address(nats_service(region, server=server), ROUTE_PORT)


def redis_at(region: Region) -> Address:
    """A region's Redis, in its network."""
    return Address(f"{region}-redis", REDIS_PORT)


def entry_of(region: Region, *, server: int = 1) -> Address:
    """The address at which a region's link receives traffic for one of its NATS servers from other regions."""
    return Address(f"{region}-entry", NATS_PORT + server - 1)


def exit_of(region: Region, *, to: Region, regions: Sequence[Region], server: int = 1) -> Address:
    """The address, in the region's own network, at which its link receives traffic for a NATS server of `to`."""
    first = _EXIT_PORT_FIRST + _EXIT_PORTS_OF_A_SERVER * (server - 1)
    return Address(f"{region}-exit", first + regions.index(to))
