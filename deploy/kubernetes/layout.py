"""The names, ports and paths that the manifests and this code share."""

from typing import Final

NAMESPACE: Final = "crosshook"

NATS_VERSION: Final = (2, 15, 0)
"""The version of NATS that the configuration is for."""

NATS_SERVER_NAME: Final = "$POD_NAME"
"""Each server has the name of its pod. A name on the command line would keep the server from reloading its file."""

NATS_SERVER_ADVERTISED: Final = "$POD_ADVERTISED"
"""The name at which the other servers reach it, and which its certificate has."""

NATS_SERVERS: Final = 3
NATS_PORT: Final = 4222
ROUTES_PORT: Final = 6222
MONITOR_PORT: Final = 8222
REDIS_PORT: Final = 6379

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - a pod's addresses are its own, and network policies limit access to them
"""The address at which a NATS server listens. To a program in Go this includes IPv6, if there is any."""

NATS_DISK_GIBIBYTES: Final = 20
"""The size of the volume of each NATS server."""

FILES: Final = "/etc/crosshook"
"""The directory with the files of a container's role."""

DATA: Final = "/var/lib/crosshook"
"""The directory with a container's data."""


def nats_host(index: int) -> str:
    """A NATS server's name in its region's namespace, and in its certificate."""
    return f"nats-{index}.nats"
