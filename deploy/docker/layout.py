"""What `docker-compose.yml` and the code here have to agree on: names, ports, paths and users."""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.positions import Region
from deploy.local.links import Address

NATS_VERSION: Final = (2, 15, 0)
"""What the configuration is for."""

NATS_PORT: Final = 4222
REDIS_PORT: Final = 6379
MONITOR: Final = "127.0.0.1:8222"
"""Where NATS says whether it is healthy: in its own container only."""

_EXIT_PORT_FIRST: Final = 4301

FILES: Final = "/etc/crosshook"
"""Where a container has the files of its role."""

DATA: Final = "/var/lib/crosshook"
"""Where it has its data: a path that no image has, since the engine gives a volume the owner of what it covers."""


class Users(msgspec.Struct, frozen=True):
    """Who the processes are: each kind of server is a user of its own."""

    crosshook: int = 10001
    nats: int = 10002
    redis: int = 10003
    prometheus: int = 65534


USERS: Final = Users()


def nats_at(region: Region) -> Address:
    """A region's NATS, in its network."""
    return Address(f"{region}-nats", NATS_PORT)


def redis_at(region: Region) -> Address:
    """A region's Redis, in its network."""
    return Address(f"{region}-redis", REDIS_PORT)


def entry_of(region: Region) -> Address:
    """Where a region's link takes what comes for its NATS, in the network between the regions."""
    return Address(f"{region}-entry", NATS_PORT)


def exit_of(region: Region, *, to: Region, regions: Sequence[Region]) -> Address:
    """Where a region's link takes what is for the NATS of `to`, in the region's own network."""
    return Address(f"{region}-exit", _EXIT_PORT_FIRST + regions.index(to))
