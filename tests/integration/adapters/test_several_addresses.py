"""A NATS or a Redis with several addresses is reached even if one of them does not answer or does not serve."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from urllib.parse import urlsplit

import pytest

from adapters import dialling, redis_pool
from adapters.connection import open_connection
from adapters.dialling import Address
from adapters.errors import Unavailable
from adapters.projection import open_projection
from deploy.local import LocalRegion
from deploy.local.network.ports import LOCALHOST
from tests.integration.adapters.runs import US
from tests.swallowing import swallowing

NAME = "several.test"
ELSEWHERE = "127.0.0.2"

BOUND_SECONDS = 20

By = Callable[[str], str]


@pytest.fixture
def by_name(monkeypatch: pytest.MonkeyPatch) -> By:
    """The address with the host `NAME`, which resolves to `ELSEWHERE` and this machine."""

    async def look_up(host: str, port: int) -> list[Address]:
        assert host == NAME
        return [Address(socket.AF_INET, (at, port)) for at in (ELSEWHERE, LOCALHOST)]

    monkeypatch.setattr(dialling, "look_up", look_up)
    return lambda address: address.replace(LOCALHOST, NAME)


@pytest.fixture(params=["swallows packets", "accepts connections and serves none"])
def unserved_at(request: pytest.FixtureRequest) -> Callable[[str], AbstractContextManager[object]]:
    """Opens such a listener at `ELSEWHERE`, at the port of an address."""
    swallows = request.param == "swallows packets"

    def opened(address: str) -> AbstractContextManager[object]:
        port = urlsplit(address).port or 0
        return swallowing(ELSEWHERE, port) if swallows else socket.create_server((ELSEWHERE, port))

    return opened


UnservedAt = Callable[[str], AbstractContextManager[object]]


async def test_nats_is_reached_at_the_address_that_serves(
    region: LocalRegion, by_name: By, unserved_at: UnservedAt
) -> None:
    with unserved_at(region.nats_url):
        async with (
            open_connection([by_name(region.nats_url)], name="a test") as connection,
            asyncio.timeout(BOUND_SECONDS),
        ):
            await (await connection.session()).client.flush()


@pytest.mark.usefixtures("raw")
async def test_redis_is_reached_at_the_address_that_serves(
    region: LocalRegion, by_name: By, unserved_at: UnservedAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_pool, "CALL_TIMEOUT_SECONDS", 0.5)
    with unserved_at(region.redis_url):
        async with open_projection(by_name(region.redis_url), region=US) as projection, asyncio.timeout(BOUND_SECONDS):
            while True:
                with suppress(Unavailable):
                    assert await projection.begin()
                    break


@pytest.mark.usefixtures("raw")
async def test_connections_to_a_redis_stay_at_the_address_that_serves_while_it_serves(
    region: LocalRegion, by_name: By
) -> None:
    """Two addresses may lead to two servers while a name moves from one to the other."""
    reached: list[str] = []

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(writer.get_extra_info("sockname")[0])
        writer.close()

    async with (
        await asyncio.start_server(take, ELSEWHERE, urlsplit(region.redis_url).port),
        open_projection(by_name(region.redis_url), region=US) as projection,
        asyncio.timeout(BOUND_SECONDS),
    ):
        await asyncio.gather(*(projection.begin() for _ in range(10)))
        at_first = len(reached)
        await asyncio.gather(*(projection.begin() for _ in range(10)))
    assert at_first == len(reached) > 0
