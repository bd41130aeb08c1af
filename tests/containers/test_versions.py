"""Services and replicators keep their promises on every supported version of NATS and Redis."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import nats
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from deploy.local import LocalRegions, local_regions
from deploy.local.processes.servers import Servers, find_servers
from tests.containers.images import image_here
from tests.containers.versions import MATRIX, Versions, servers_of
from tests.e2e.callers import WEBHOOKS, Caller, Told, calling_all, under_load
from tests.e2e.evidence import check, check_told, settled

pytestmark = [pytest.mark.containers, pytest.mark.asyncio(loop_scope="module")]

HERE, THERE = "us-iowa", "europe-belgium"
WHEELS = None
PATIENCE_SECONDS = 60.0


class Tried(NamedTuple):
    """Two regions, and the versions of their servers."""

    demo: LocalRegions
    servers: Servers
    versions: Versions | None


def name_of(versions: Versions | None) -> str:
    return "what the wheels carry" if versions is None else f"{versions.nats} and {versions.redis}"


@pytest.fixture(scope="module", params=[*MATRIX, WHEELS], ids=name_of)
def servers(request: pytest.FixtureRequest) -> Iterator[tuple[Servers, Versions | None]]:
    """The versions of the regions' servers."""
    versions: Versions | None = request.param
    if versions is None:
        yield find_servers(), versions
    else:
        with servers_of(versions) as found:
            yield found, versions


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tried(servers: tuple[Servers, Versions | None]) -> AsyncIterator[Tried]:
    """Two regions with such servers, and a service and a replicator each."""
    found, versions = servers
    async with local_regions(regions=[HERE, THERE], round_trips=10) as demo:
        yield Tried(demo, found, versions)


async def test_the_servers_are_of_that_version(tried: Tried) -> None:
    region = tried.demo.region(HERE)
    client = await nats.connect(region.nats_url)
    of_nats = client.connected_server_version
    await client.close()
    async with Redis.from_url(region.redis_url, decode_responses=True) as redis:
        of_redis = str((await redis.info("server"))["redis_version"])
    assert (of_nats.major, of_nats.minor, of_nats.patch) == tried.servers.nats.version
    assert of_redis == ".".join(map(str, tried.servers.redis.version))
    if tried.versions is not None:
        patched = f"{of_nats.major}.{of_nats.minor}.{of_nats.patch}."
        assert patched.startswith(f"{version_in(image_here(tried.versions.nats))}.")
        assert f"{of_redis}.".startswith(f"{version_in(image_here(tried.versions.redis))}.")


def version_in(image: str) -> str:
    """The version in an image's name."""
    found = re.search(r":([\d.]+)", image)
    assert found is not None, image
    return found[1]


async def test_every_creation_change_and_deletion_reaches_every_region(tried: Tried) -> None:
    async with calling_all(tried.demo) as callers:
        here, there = callers[HERE], callers[THERE]
        kept, changed, deleted = [await here.register(level="all_regions") for _ in range(3)]
        assert [told.status for told in (kept, changed, deleted)] == [201, 201, 201]
        everywhere = {"SlashID-Required-Consistency": "all_regions"}
        answers = [
            await there.client.patch(
                f"{WEBHOOKS}/{changed.webhook_id}",
                json={"name": "another name", "custom_headers": {"X": ["y"]}},
                headers=there.headers(changed.organization) | everywhere,
            ),
            await there.client.delete(
                f"{WEBHOOKS}/{deleted.webhook_id}", headers=there.headers(deleted.organization) | everywhere
            ),
        ]
        assert [answer.status_code for answer in answers] == [200, 204]
        assert await here.trigger(kept.webhook_id, level="all_regions") == 201
        for caller in callers.values():
            statuses = [await caller.read_status(told.webhook_id) for told in (kept, changed, deleted)]
            assert statuses == [200, 200, 404]
            shown = await caller.client.get(
                f"{WEBHOOKS}/{changed.webhook_id}", headers=caller.headers(changed.organization)
            )
            assert shown.json()["result"]["name"] == "another name"
    check(await settled(tried.demo))


async def test_a_request_that_is_repeated_with_its_key_has_one_effect(tried: Tried) -> None:
    async with calling_all(tried.demo) as callers:
        headers = callers[HERE].headers() | {"Idempotency-Key": "once", "SlashID-Required-Consistency": "all_regions"}
        body = {"name": "once", "target_url": "https://hooks.example.com/once"}
        answers = [
            await callers[region].client.post(WEBHOOKS, json=body, headers=headers) for region in (HERE, THERE, HERE)
        ]
        assert [answer.status_code for answer in answers] == [201, 201, 201]
        assert len({answer.json()["result"]["id"] for answer in answers}) == 1
        assert len({answer.headers["SlashID-Operation-ID"] for answer in answers}) == 1


async def test_an_emptied_redis_is_rebuilt_under_load(tried: Tried) -> None:
    async with calling_all(tried.demo) as callers:
        known = await callers[THERE].register(level="all_regions")
        async with under_load(list(callers.values()), each=2) as load:
            async with Redis.from_url(tried.demo.region(THERE).redis_url) as redis:
                await redis.flushall()
            seen = await statuses_until_rebuilt(callers[THERE], known.webhook_id)
        assert set(seen) <= {200, 503}
        assert 503 in seen
    evidence = await settled(tried.demo)
    check(evidence)
    check_told(evidence, [*load.told, known])


async def statuses_until_rebuilt(caller: Caller, webhook_id: str) -> list[int]:
    """The statuses of reads until, after a 503, they show the webhook again."""
    seen: list[int] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (503 in seen and seen[-1] == 200):
            seen.append(await caller.read_status(webhook_id))
            await asyncio.sleep(0.001)
    return seen


async def test_servers_that_are_killed_and_started_again_lose_nothing_and_all_continues(tried: Tried) -> None:
    async with calling_all(tried.demo) as callers:
        known = [await caller.register(level="all_regions") for caller in callers.values()]
        region = tried.demo.region(HERE)
        for server in (region.nats, region.redis):
            await server.kill()
            await server.restart()
        seen = [
            status
            for told in known
            for caller in callers.values()
            for status in await statuses_until_shown(caller, told.webhook_id)
        ]
        assert set(seen) <= {200, 503}
        after = [await registered(caller) for caller in callers.values()]
    evidence = await settled(tried.demo)
    check(evidence)
    check_told(evidence, [*known, *after])


async def statuses_until_shown(caller: Caller, webhook_id: str) -> list[int]:
    """The statuses of reads until they show the webhook."""
    seen = [await caller.read_status(webhook_id)]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while seen[-1] != 200:
            await asyncio.sleep(0.01)
            seen.append(await caller.read_status(webhook_id))
    return seen


async def registered(caller: Caller) -> Told:
    """The response to a registration, once the region accepts it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (told := await caller.register(level="all_regions")).status == 503:
            await asyncio.sleep(0.01)
    assert told.status == 201
    return told
