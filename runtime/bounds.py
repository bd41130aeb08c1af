"""The bounds of a server's connections."""

import msgspec

from runtime.settings import IDLE_SECONDS

CONNECTIONS_MAX = 20_000

ADDRESS_CONNECTIONS_MAX = 10_000
"""The connections of one address. A proxy has one address, and this is how many requests a service has in flight."""


BUFFERED_BYTES_MAX = 64 * 1024 * 1024
"""1,024 of the largest bodies by default. Most requests arrive at once and take nothing of it."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one process. Connections that trusted proxies make count for the clients whom they name.

    `buffered_bytes_max` is the budget for unfinished requests. `key_headers` name a request's key, in lower case.
    """

    connections_max: int = CONNECTIONS_MAX
    address_connections_max: int = ADDRESS_CONNECTIONS_MAX
    trusted_proxies: int = 0
    idle_seconds: float = IDLE_SECONDS
    buffered_bytes_max: int = BUFFERED_BYTES_MAX
    key_headers: tuple[bytes, ...] = ()
