"""The configuration file of a region's Redis."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from adapters.watermark_channel import MAY_PUBLISH, MAY_SUBSCRIBE

SERVICE, REPLICATOR, OPERATOR = "service", "replicator", "operator"
"""The users: one that reads, one that applies, and one for repairs. Each has a password. There is no other user."""

USERS = (SERVICE, REPLICATOR, OPERATOR)

_CONNECT = ("ping", "select", "script|load", "evalsha", "info")
"""The commands that every client needs. A script may do what its caller may.

A Redis that does not know one of these commands does not start. So all of them exist in 6.2, the oldest version used.
"""

_READ = ("hget", "hgetall", "hexists", "hlen", "ttl")
_APPLY = ("hset", "hsetnx", "hdel", "del", "expire", "flushdb")


def _allowed(*commands: str) -> str:
    """The rules for these commands only, and for no channel."""
    return "resetchannels -@all " + " ".join(f"+{command}" for command in commands)


_MAY = {
    SERVICE: f"{_allowed(*_CONNECT, *_READ)} {MAY_SUBSCRIBE}",
    REPLICATOR: f"{_allowed(*_CONNECT, *_READ, *_APPLY)} {MAY_PUBLISH}",
    OPERATOR: "+@all &*",
}


_NOBODY = "user default off ~* &* +@all"
"""The user of a client without a login. It is off, so such a client is refused. Its permissions still count: Redis 7
and 8 load the append-only file as this user. They silently drop every transaction that it may not do, and with it all
that a script wrote in several commands (redis/redis#14541, valkey-io/valkey#3983)."""


EVERY_ADDRESS = "* -::*"
"""The addresses of a Redis in a network of its own: IPv4, and IPv6 if there is any."""


COMPACT = {"entries": 128, "value": 512}
"""The largest hash that Redis stores in one piece, in half the memory: a webhook with its triggers is one hash.

Redis 7 and Valkey call these settings `hash-max-listpack-…`, and know them by this name too.
"""


def redis_configuration(
    *,
    bind: str,
    port: int,
    directory: str,
    passwords: Mapping[str, str],
    also: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> str:
    """The configuration of a Redis with these users.

    When full it refuses writes and forgets nothing. It may lose its last second. `passwords` has one for each of
    `USERS`, and `also` further ones of a user whose password is changed. The file has only their digests.
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
        *(f"hash-max-ziplist-{what} {limit}" for what, limit in COMPACT.items()),
        _NOBODY,
        *(f"user {user} on {_digests(passwords[user], *also.get(user, ()))} ~* {_MAY[user]}" for user in USERS),
    ]
    return "\n".join(lines) + "\n"


def password_commands(passwords: Mapping[str, str], also: Mapping[str, Sequence[str]]) -> list[str]:
    """The commands that give the users of a running Redis these passwords and no others."""
    return [f"ACL SETUSER {user} resetpass {_digests(passwords[user], *also.get(user, ()))}" for user in USERS]


def _digests(*passwords: str) -> str:
    return " ".join(f"#{hashlib.sha256(password.encode()).hexdigest()}" for password in passwords)
