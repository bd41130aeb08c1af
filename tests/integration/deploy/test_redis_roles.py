"""In Redis each role may do what it does and nothing else: every line of the table is tried on a real server."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
import redis.exceptions

from deploy.local import LocalRegion, local_regions
from tests.redis_roles import FORBIDDEN, PERMITTED, is_refused


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def region() -> AsyncIterator[LocalRegion]:
    async with local_regions(regions=1, services=0, replicators=0) as demo:
        yield demo.region("us-iowa")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("user", "command", "may"),
    [
        *((user, command, True) for user, commands in PERMITTED.items() for command in commands),
        *((user, command, False) for user, commands in FORBIDDEN.items() for command in commands),
    ],
)
async def test_in_redis_a_service_reads_and_a_replicator_applies(
    region: LocalRegion, user: str, command: str, *, may: bool
) -> None:
    async with redis.asyncio.Redis.from_url(region.redis_url_as(user)) as client:
        assert await is_refused(client, command) is not may


@pytest.mark.asyncio(loop_scope="module")
async def test_a_script_of_a_service_writes_nothing(region: LocalRegion) -> None:
    async with redis.asyncio.Redis.from_url(region.redis_url_as("service")) as client:
        script = client.register_script("return redis.call('HSET', KEYS[1], 'f', 'v')")
        with pytest.raises(redis.exceptions.ResponseError, match=r"(?i)permission|can't run this command"):
            await script(keys=["k"], args=[])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("login", ["", "default:@", "default:default@", "nobody:wrong@", "service:wrong@"])
async def test_redis_lets_nobody_in_without_a_password(region: LocalRegion, login: str) -> None:
    """The user `default` neither, who may do everything: he is off."""
    async with redis.asyncio.Redis.from_url(region.redis.url.replace("://", f"://{login}")) as client:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await client.ping()
