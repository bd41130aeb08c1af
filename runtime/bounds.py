"""The bounds of a server's connections."""

import msgspec

from runtime.settings import IDLE_SECONDS

CONNECTIONS_MAX = 20_000

ADDRESS_CONNECTIONS_MAX = 10_000
"""The connections of one address. A proxy has one address, and this is how many requests a service has in flight."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one process. Connections that trusted proxies make count for the clients whom they name."""

    connections_max: int = CONNECTIONS_MAX
    address_connections_max: int = ADDRESS_CONNECTIONS_MAX
    trusted_proxies: int = 0
    idle_seconds: float = IDLE_SECONDS
