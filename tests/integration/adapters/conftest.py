"""One NATS and one Redis, started once. Each test has its own logs and an empty Redis."""

import itertools
import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis.asyncio

from adapters import follower as follower_module
from adapters.connection import Connection, open_connection
from adapters.event_log import EventLog
from adapters.projection import Projection, open_projection
from adapters.session import Session
from core.positions import Epoch, Region
from deploy.local import LocalRegion, local_regions
from tests.integration.adapters.runs import US

_number = itertools.count(1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def region() -> AsyncIterator[LocalRegion]:
    """The servers, without a service or a replicator."""
    async with local_regions(regions=1, services=0, replicators=0) as demo:
        yield demo.region("us-iowa")


@pytest.fixture
async def connection(region: LocalRegion) -> AsyncIterator[Connection]:
    async with open_connection([region.nats_url], name="a test") as connection:
        await connection.session()
        yield connection


@pytest.fixture
async def session(connection: Connection) -> Session:
    return await connection.session()


@pytest.fixture
def origin() -> Region:
    """An origin that no other test has."""
    return Region(f"origin-{next(_number)}")


@pytest.fixture
def epoch() -> Epoch:
    return Epoch(secrets.token_hex(5))


@pytest.fixture
async def log(connection: Connection, origin: Region, epoch: Epoch) -> EventLog:
    """A new, empty log."""
    log = EventLog(connection, origin)
    await log.create(epoch, replicas=1)
    return log


@pytest.fixture
async def raw(region: LocalRegion) -> AsyncIterator["redis.asyncio.Redis"]:
    """The Redis itself, emptied."""
    async with redis.asyncio.Redis.from_url(region.redis_url, decode_responses=True) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def projection(region: LocalRegion, raw: "redis.asyncio.Redis") -> AsyncIterator[Projection]:  # noqa: ARG001
    """An empty projection, unknown to every process."""
    async with open_projection(region.redis_url, region=US) as projection:
        yield projection


@pytest.fixture
def soon_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than the second between two heartbeats."""
    monkeypatch.setattr(follower_module, "SILENCE_SECONDS", 1.5)
