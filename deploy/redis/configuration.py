"""The configuration file of a region's Redis."""

import hashlib
import json
from collections.abc import Mapping

SERVICE, REPLICATOR, OPERATOR = "service", "replicator", "operator"
"""The users: one that reads, one that applies, and one for repairs. Each has a password. There is no other user."""

USERS = (SERVICE, REPLICATOR, OPERATOR)

_CONNECT = ("ping", "select", "script|load", "evalsha", "info")
"""What every client needs. A script may do what its caller may.

A Redis that does not know a command named here does not start: they are as old as the oldest that we run on, 6.2.
"""

_READ = ("hget", "hgetall", "hexists", "hlen", "ttl")
_APPLY = ("hset", "hsetnx", "hdel", "del", "expire", "flushdb")

_MAY = {
    SERVICE: "-@all " + " ".join(f"+{command}" for command in (*_CONNECT, *_READ)),
    REPLICATOR: "-@all " + " ".join(f"+{command}" for command in (*_CONNECT, *_READ, *_APPLY)),
    OPERATOR: "+@all",
}


_NOBODY = "user default off ~* &* +@all"
"""The user of a client without a login. It is off, so such a client is refused. Its permissions still count: Redis 7
and 8 load the append-only file as this user. They silently drop every transaction that it may not do, and with it all
that a script wrote in several commands (redis/redis#14541, valkey-io/valkey#3983)."""


EVERY_ADDRESS = "* -::*"
"""Where a Redis listens whose network is its own: on IPv4, and on IPv6 where there is any."""


def redis_configuration(*, bind: str, port: int, directory: str, passwords: Mapping[str, str]) -> str:
    """A Redis that refuses writes when full rather than forget, may lose its last second, and knows its users.

    `passwords` has one for every one of `USERS`; the file has their digests only.
    """
    lines = [
        f"bind {bind}",
        f"port {port}",
        f"dir {json.dumps(directory)}",
        "daemonize no",
        'save ""',
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        _NOBODY,
        *(f"user {user} on #{_digest(passwords[user])} ~* {_MAY[user]}" for user in USERS),
    ]
    return "\n".join(lines) + "\n"


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
