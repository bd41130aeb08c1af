"""A region is added to another region's NATS as docs/operations/upgrading.md says: an account, then restarts."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import nats
import nats.errors
import pytest
import pytest_asyncio
from nats.aio.client import Client

from core.positions import Region
from deploy.local import LocalRegion, local_regions
from deploy.nats.accounts import COPIES_OPERATOR, LOG_OPERATOR, SERVICE, accounts
from runtime.credentials import Login
from tests.nats_roles import Attempt, Regions, answer_to, attempts, event, heard_by, stream
from tests.several_servers import until_whole

REGIONS = Regions("us-iowa", "europe-belgium", "asia-japan")
HERE, KNOWN, NEW = REGIONS
NEW_PEER = REGIONS.peers[1]
PASSWORD = "of-the-new-peer"  # noqa: S105 - of no real user
EPOCH = "epoch"


class Added(NamedTuple):
    """A region whose servers know a new peer, and the URL of that peer at each server."""

    region: LocalRegion
    urls: list[str]


SERVERS = [pytest.param(1, id="one server"), pytest.param(3, id="three servers", marks=pytest.mark.long)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SERVERS)
async def added(request: pytest.FixtureRequest) -> AsyncIterator[Added]:
    """Servers that ran before the new region was added. Each was restarted once, one at a time."""
    regions = [Region(HERE), Region(KNOWN)]
    async with local_regions(regions=regions, services=0, replicators=0, nats_servers=request.param) as demo:
        region = demo.region(HERE)
        for origin in (HERE, KNOWN):
            await create_with_one_event(region, origin)
        for server in region.nats_servers:
            add(region.directory / f"{server.name.rpartition('/')[2]}.conf")
        for server in region.nats_servers:
            await server.stop()
            await server.restart()
            await until_whole(region)  # This server must have everything before the next one stops.
        await create_with_one_event(region, NEW)
        yield Added(region, [Login(NEW_PEER, PASSWORD).into(server.url) for server in region.nats_servers])


def add(configuration: Path) -> None:
    """Write the accounts of three regions into a server's file, and keep every password."""
    told: dict[str, Any] = json.loads(configuration.read_text())
    users = (user for account in told["accounts"].values() for user in account["users"])
    passwords = {user["user"]: user["password"] for user in users} | {NEW_PEER: PASSWORD}
    told["accounts"] = accounts(Region(HERE), [Region(name) for name in REGIONS], passwords)
    configuration.write_text(json.dumps(told))


@asynccontextmanager
async def a_client(url: str) -> AsyncIterator[Client]:
    client = await nats.connect(url, allow_reconnect=False)
    try:
        yield client
    finally:
        await client.close()


def operator(origin: str) -> str:
    return LOG_OPERATOR if origin == HERE else COPIES_OPERATOR


async def create_with_one_event(region: LocalRegion, origin: str) -> None:
    async with a_client(region.nats_url_as(operator(origin))) as client, asyncio.timeout(30):
        while True:
            with suppress(nats.errors.Error):  # Servers that have just met have no leader yet.
                await client.jetstream().add_stream(
                    name=stream(origin),
                    subjects=[f"events.{origin}.{EPOCH}.>"],
                    num_replicas=len(region.nats_servers),
                )
                await client.jetstream().publish(event(origin, EPOCH), b"{}")
                return


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "attempt",
    [attempt for attempt in attempts(REGIONS) if NEW_PEER in attempt.may and attempt.subject.startswith("$JS.API.")],
    ids=lambda attempt: attempt.subject,
)
async def test_the_new_peer_has_the_permissions_of_a_peer_at_every_server(added: Added, attempt: Attempt) -> None:
    for url in added.urls:
        async with a_client(url) as client, asyncio.timeout(10):
            answer = None
            while answer is None:  # Servers may still be exchanging their subscriptions.
                answer = await answer_to(client, attempt, user=NEW_PEER, epoch=EPOCH)
        assert b'"error"' not in answer


@pytest.mark.asyncio(loop_scope="module")
async def test_an_announcement_of_the_new_peer_at_any_server_arrives_at_every_server(added: Added) -> None:
    for url in added.urls:
        for server in range(len(added.urls)):
            async with (
                a_client(added.region.nats_url_as(SERVICE, server=server)) as service,
                a_client(url) as client,
                asyncio.timeout(30),
            ):
                heard = await heard_by(service)
                while not heard:  # Servers pass messages on only after they have exchanged subscriptions.
                    await client.publish(f"watermarks.{NEW}", b"this")
                    await client.flush()
                    await asyncio.sleep(0.01)
