"""What the manifests and the code here have to agree on: names, ports and paths."""

from typing import Final

NAMESPACE: Final = "crosshook"

NATS_VERSION: Final = (2, 15, 0)
"""What the configuration is for."""

NATS_SERVER_NAME: Final = "$POD_NAME"
"""Each is called what its pod is. On the command line it could be told that too, but would then not reload its file."""

NATS_SERVER_ADVERTISED: Final = "$POD_ADVERTISED"
"""How the other servers reach it: by the name that its certificate has."""

NATS_SERVERS: Final = 3
NATS_PORT: Final = 4222
ROUTES_PORT: Final = 6222
MONITOR_PORT: Final = 8222
REDIS_PORT: Final = 6379

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - a pod's addresses are its own, and network policies limit access to them
"""Where a NATS server listens. Where there is IPv6 this is there as well to a program in Go."""

NATS_DISK_GIBIBYTES: Final = 20
"""The size of the volume of each NATS server."""

FILES: Final = "/etc/crosshook"
"""Where a container has the files of its role."""

DATA: Final = "/var/lib/crosshook"
"""Where it has its data."""


def nats_host(index: int) -> str:
    """A NATS server's name in its region's namespace, and in its certificate."""
    return f"nats-{index}.nats"
