"""A client with another region's login cannot permanently use up what all clients of a region's NATS share."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import nats.errors
import pytest
import pytest_asyncio
from nats.aio.client import Client

from adapters.connection import open_connection
from adapters.errors import Unavailable
from adapters.event_log import EventLog
from core.positions import BEGINNING, NOTHING, Epoch, Region, Sequence
from core.subjects import deliveries_to
from deploy.local import LocalRegion, local_regions
from deploy.nats.accounts import CONNECTIONS_MAX, CONSUMERS_MAX, LOG_OPERATOR, REPLICATOR, SUBSCRIPTIONS_MAX
from tests.integration.adapters.logs import entries, entry, events
from tests.nats_roles import Regions, api, stream

REGIONS = Regions("us-iowa", "europe-belgium", "asia-japan")
HERE = REGIONS.here
OWN = REGIONS.own
PEER, OTHER_PEER = REGIONS.peers
EPOCH = Epoch("epoch")
A_YEAR = 365 * 86400 * 10**9
SOON = 10 * 10**9
"""Longer than servers need to exchange their subscriptions, and less than a minute."""
TOO_MANY = b'"err_code":10026'
READERS_MAX = 100
"""More than the readers of ten regions, even if each begins anew several times a minute."""


SERVERS = [pytest.param(1, id="one server"), pytest.param(3, id="three servers", marks=pytest.mark.long)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SERVERS)
async def region(request: pytest.FixtureRequest) -> AsyncIterator[LocalRegion]:
    """The servers of one of three regions, with a log of ten events that was created as a replicator does it."""
    async with local_regions(regions=REGIONS, services=0, replicators=0, nats_servers=request.param) as demo:
        region = demo.region(HERE)
        async with open_log(region, LOG_OPERATOR) as log, asyncio.timeout(30):
            while True:
                with suppress(Unavailable):  # Servers that have just met have no leader yet.
                    await log.create(EPOCH, replicas=request.param)
                    await log.append(entries(log.origin, EPOCH, range(1, 11)), after=NOTHING)
                    if (await log.describe()).last_sequence == 10:
                        break
                await asyncio.sleep(0.1)
        yield region


@asynccontextmanager
async def open_log(region: LocalRegion, user: str) -> AsyncIterator[EventLog]:
    """The log for a process with the login of `user`."""
    async with open_connection([region.nats_url_as(user)], name="a test") as connection:
        await connection.session()
        yield EventLog(connection, Region(HERE))


@asynccontextmanager
async def a_client(region: LocalRegion, user: str, *, server: int = 0) -> AsyncIterator[Client]:
    async def on_error(_: Exception) -> None:
        """Tests expect refusals."""

    client = Client()
    url = region.nats_url_as(user, server=server)
    try:
        await client.connect(url, allow_reconnect=False, max_reconnect_attempts=1, error_cb=on_error)
        yield client
    finally:
        await client.close()


async def created(client: Client, **config: Any) -> bytes:  # noqa: ANN401 - whatever JSON takes
    """The server's answer to a request for a consumer with this configuration."""
    wanted = {"ack_policy": "none", "mem_storage": True, "num_replicas": 1, **config}
    body = json.dumps({"stream_name": OWN, "config": wanted}).encode()
    return (await client.request(api("CONSUMER.CREATE", OWN), body, timeout=10)).data


async def taken(client: Client, *, deliver: str) -> int:
    """Create consumers that deliver there until the log refuses one, and return their number."""
    for count in range(2 * CONSUMERS_MAX):
        answer = await created(client, deliver_subject=deliver, max_deliver=1, inactive_threshold=SOON)
        if TOO_MANY in answer:
            return count
        assert b'"error"' not in answer
    pytest.fail("there is no end")


async def until_refused(region: LocalRegion) -> None:
    """Connect again and again. A server learns of the connections at the others a moment later."""
    async with AsyncExitStack() as stack, asyncio.timeout(30):
        while True:
            await stack.enter_async_context(a_client(region, PEER))
            await asyncio.sleep(0.1)


async def until_few_follow(region: LocalRegion) -> None:
    async with a_client(region, LOG_OPERATOR) as client, asyncio.timeout(90):
        while (await client.jetstream().stream_info(OWN)).state.consumer_count > READERS_MAX:
            await asyncio.sleep(0.1)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_consumer_of_a_peer_is_removed_soon_after_the_peer_has_left(region: LocalRegion) -> None:
    async with a_client(region, PEER) as client:
        assert b'"error"' in await created(client, name="for-a-year", inactive_threshold=A_YEAR)
        for config in ({"name": "as-it-likes"}, {"durable_name": "for-ever"}, {"name": "b", "inactive_threshold": 0}):
            answer = json.loads(await created(client, **config))
            assert "error" in answer or answer["config"]["inactive_threshold"] == 60 * 10**9


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.long
async def test_a_peer_that_takes_every_consumer_interrupts_no_follower_and_frees_them_when_it_leaves(
    region: LocalRegion,
) -> None:
    async with open_log(region, OTHER_PEER) as other, open_log(region, REPLICATOR) as own:
        async with a_client(region, PEER) as client, other.follow(BEGINNING) as follower:
            await events(follower, 10)
            await client.subscribe(f"{deliveries_to(PEER)}.x")
            assert READERS_MAX < await taken(client, deliver=f"{deliveries_to(PEER)}.x") < CONSUMERS_MAX
            with pytest.raises(Unavailable, match="10026"):
                async with own.follow(BEGINNING):
                    pytest.fail("there is no place left")
            async with open_log(region, LOG_OPERATOR) as writer:
                await writer.append([entry(writer.origin, EPOCH, 11)], after=Sequence(10))
            await events(follower, 1)
        await until_few_follow(region)
        async with own.follow(BEGINNING) as follower:
            await events(follower, 11)


@pytest.mark.asyncio(loop_scope="module")
async def test_more_readers_than_ten_regions_need_can_follow(region: LocalRegion) -> None:
    async with AsyncExitStack() as stack:
        logs = [await stack.enter_async_context(open_log(region, user)) for user in (REPLICATOR, PEER, OTHER_PEER)]
        for number in range(READERS_MAX):
            await stack.enter_async_context(logs[number % 3].follow(BEGINNING))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_peer_has_its_own_limit_of_connections_and_takes_none_from_others(region: LocalRegion) -> None:
    servers = len(region.nats_servers)
    async with AsyncExitStack() as stack:
        for number in range(CONNECTIONS_MAX):
            await stack.enter_async_context(a_client(region, PEER, server=number % servers))
        with pytest.raises(nats.errors.Error, match="maximum account active connections exceeded"):
            await until_refused(region)
        for user in (OTHER_PEER, REPLICATOR):
            async with a_client(region, user) as client:
                await client.request(api("STREAM.INFO", stream(HERE)), timeout=10)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_connection_of_a_peer_with_too_many_subscriptions_is_closed(region: LocalRegion) -> None:
    async with a_client(region, PEER) as client:
        for number in range(SUBSCRIPTIONS_MAX):
            await client.subscribe(f"x.{number}")
        await client.flush()
        await client.subscribe("x.more")
        async with asyncio.timeout(10):
            while client.is_connected:
                await asyncio.sleep(0.05)
