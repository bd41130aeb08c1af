"""Who may do what in a region's Redis, as a table, and how a line of it is tried."""

import redis.asyncio
import redis.exceptions

from deploy.redis.configuration import REPLICATOR, SERVICE

READS = ["HGETALL k", "HGET k f", "HEXISTS k f", "HLEN k", "TTL k", "INFO server", "PING"]
APPLIES = ["HSET k f v", "HSETNX k f v", "HDEL k f", "DEL k", "EXPIRE k 10"]
NEITHER = """FLUSHALL|FLUSHDB|CONFIG GET *|CONFIG SET maxmemory-policy allkeys-lru|DEBUG SLEEP 0|KEYS *|SCAN 0
SHUTDOWN NOSAVE|SAVE|BGSAVE|BGREWRITEAOF|REPLICAOF NO ONE|SLAVEOF NO ONE|ACL LIST
ACL SETUSER service on nopass|ACL WHOAMI|MONITOR|CLIENT LIST|CLIENT KILL TYPE normal|CLIENT PAUSE 10
SCRIPT FLUSH|SCRIPT KILL|EVAL return 0|SET k v|GET k|RENAME k l|MOVE k 1|SWAPDB 0 1|SUBSCRIBE c|PUBLISH c m
MODULE LIST|MIGRATE h 1 k 0 1|RESTORE k 0 x|SORT k|OBJECT ENCODING k|LATENCY LATEST|SLOWLOG GET|ROLE
MEMORY USAGE k|WAIT 0 0|PSYNC ? -1|CLUSTER INFO|COMMAND|DBSIZE|RANDOMKEY|UNLINK k|PERSIST k|LPUSH l v"""

PERMITTED = {SERVICE: READS, REPLICATOR: READS + APPLIES}
FORBIDDEN = {
    SERVICE: APPLIES + [command for line in NEITHER.splitlines() for command in line.split("|")],
    REPLICATOR: [command for line in NEITHER.splitlines() for command in line.split("|")],
}

_DEBUG_IS_OFF = "DEBUG command not allowed"
"""What Redis says from version 7 on before it looks who asks."""


async def is_refused(client: "redis.asyncio.Redis", command: str) -> bool:
    """Whether Redis refuses a command to this user. Any other error is raised."""
    try:
        await client.execute_command(*command.split(" "))  # type: ignore[no-untyped-call]
    except redis.exceptions.NoPermissionError:
        return True
    except redis.exceptions.ResponseError as error:
        if _DEBUG_IS_OFF not in str(error):
            raise
        return True
    return False
