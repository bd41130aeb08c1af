"""In Redis each role may do what it needs and nothing else. Every line of the table is tried on a real server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio
import redis.exceptions

from deploy.local import LocalRegion, local_regions
from tests.redis_roles import PERMITTED, allowed, channels_of, client_of, forbidden_to, from_a_script, rules_of


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def region() -> AsyncIterator[LocalRegion]:
    async with local_regions(regions=1, services=0, replicators=0) as demo:
        yield demo.region("us-iowa")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", PERMITTED)
async def test_in_redis_a_role_may_make_every_call_of_its_table(region: LocalRegion, user: str) -> None:
    calls = [permitted.call for permitted in PERMITTED[user]]
    async with client_of(region.redis_url_as(user)) as client:
        assert await allowed(client.execute_command, calls) == calls


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", PERMITTED)
async def test_redis_refuses_every_other_command_to_a_role(region: LocalRegion, user: str) -> None:
    """Their scripts are refused too. Otherwise a script could do what its user may not."""
    calls = await forbidden_to(user, operator_url=region.redis_url)
    assert len(calls) > 200
    async with client_of(region.redis_url_as(user)) as client:
        assert await allowed(client.execute_command, calls) == []
        assert await allowed(from_a_script(client), calls) == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", PERMITTED)
async def test_the_rules_that_redis_reports_are_those_of_the_table(region: LocalRegion, user: str) -> None:
    """Other tests do not try what Redis does not list, such as subcommands before version 7."""
    rules = {f"+{permitted.command}" for permitted in PERMITTED[user]}
    assert await rules_of(user, operator_url=region.redis_url) == rules


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", PERMITTED)
async def test_a_role_may_use_the_channels_of_watermarks_only(region: LocalRegion, user: str) -> None:
    assert [name.lstrip("&") for name in await channels_of(user, operator_url=region.redis_url)] == [
        "crosshook:watermarks:*"
    ]
    calls = ["PUBLISH other x", "SUBSCRIBE other"]
    async with client_of(region.redis_url_as(user)) as client:
        assert await allowed(client.execute_command, calls) == []
        assert await allowed(from_a_script(client), calls) == []


@pytest.mark.asyncio(loop_scope="module")
async def test_an_operator_can_end_an_endless_script_of_a_service(region: LocalRegion) -> None:
    async with (
        redis.asyncio.Redis.from_url(region.redis_url) as operator,
        redis.asyncio.Redis.from_url(region.redis_url_as("service"), socket_timeout=None, retry=None) as service,
        asyncio.timeout(20),
    ):
        await operator.config_set("lua-time-limit", 50)
        digest = await service.script_load("while true do end")
        running = asyncio.ensure_future(service.evalsha(digest, 0))
        while not await is_busy(operator):
            await asyncio.sleep(0.01)
        await operator.script_kill()
        with pytest.raises(redis.exceptions.ResponseError, match="SCRIPT KILL"):
            await running
        assert not await is_busy(operator)


async def is_busy(client: "redis.asyncio.Redis") -> bool:
    try:
        await client.ping()
    except redis.exceptions.ResponseError as error:
        return str(error).startswith("BUSY")
    return False


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("login", ["", "default:@", "default:default@", "nobody:wrong@", "service:wrong@"])
async def test_redis_refuses_a_login_without_the_right_password(region: LocalRegion, login: str) -> None:
    """The user `default`, which may do everything, is off and refused too."""
    async with redis.asyncio.Redis.from_url(region.redis.url.replace("://", f"://{login}")) as client:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await client.ping()
