"""In Redis each role may do what it does and nothing else: every line of the table is tried on a real server."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
import redis.exceptions

from deploy.local import LocalRegion, local_regions

READS = ["HGETALL k", "HGET k f", "HEXISTS k f", "HLEN k", "TTL k", "INFO server", "PING"]
APPLIES = ["HSET k f v", "HSETNX k f v", "HDEL k f", "DEL k", "EXPIRE k 10"]
NEITHER = """FLUSHALL|FLUSHDB|CONFIG GET *|CONFIG SET maxmemory-policy allkeys-lru|DEBUG SLEEP 0|KEYS *|SCAN 0
SHUTDOWN NOSAVE|SAVE|BGSAVE|BGREWRITEAOF|REPLICAOF NO ONE|SLAVEOF NO ONE|ACL LIST
ACL SETUSER service on nopass|ACL WHOAMI|MONITOR|CLIENT LIST|CLIENT KILL TYPE normal|CLIENT PAUSE 10
SCRIPT FLUSH|SCRIPT KILL|EVAL return 0|SET k v|GET k|RENAME k l|MOVE k 1|SWAPDB 0 1|SUBSCRIBE c|PUBLISH c m
MODULE LIST|MIGRATE h 1 k 0 1|RESTORE k 0 x|SORT k|OBJECT ENCODING k|LATENCY LATEST|SLOWLOG GET|ROLE
MEMORY USAGE k|WAIT 0 0|PSYNC ? -1|CLUSTER INFO|COMMAND|DBSIZE|RANDOMKEY|UNLINK k|PERSIST k|LPUSH l v"""
FORBIDDEN = [command for line in NEITHER.splitlines() for command in line.split("|")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def region() -> AsyncIterator[LocalRegion]:
    async with local_regions(regions=1, services=0, replicators=0) as demo:
        yield demo.region("us-iowa")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("user", "command", "may"),
    [
        *((user, command, True) for user in ("service", "replicator") for command in READS),
        *(("service", command, False) for command in APPLIES),
        *(("replicator", command, True) for command in APPLIES),
        *((user, command, False) for user in ("service", "replicator") for command in FORBIDDEN),
    ],
)
async def test_in_redis_a_service_reads_and_a_replicator_applies(
    region: LocalRegion, user: str, command: str, *, may: bool
) -> None:
    async with redis.asyncio.Redis.from_url(region.redis_url_as(user)) as client:
        try:
            await client.execute_command(*command.split(" "))  # type: ignore[no-untyped-call]
        except redis.exceptions.NoPermissionError:
            assert not may
        else:
            assert may


@pytest.mark.asyncio(loop_scope="module")
async def test_a_script_of_a_service_writes_nothing(region: LocalRegion) -> None:
    async with redis.asyncio.Redis.from_url(region.redis_url_as("service")) as client:
        script = client.register_script("return redis.call('HSET', KEYS[1], 'f', 'v')")
        with pytest.raises(redis.exceptions.ResponseError, match=r"(?i)permission|can't run this command"):
            await script(keys=["k"], args=[])


@pytest.mark.asyncio(loop_scope="module")
async def test_redis_lets_nobody_in_without_a_password(region: LocalRegion) -> None:
    async with redis.asyncio.Redis.from_url(region.redis.url) as client:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await client.ping()
