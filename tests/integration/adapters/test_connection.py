"""A connection is one session after the other, and says so."""

import asyncio

import pytest

from adapters.connection import Connection, open_connection
from adapters.errors import Unavailable
from deploy.local import LocalRegion
from tests.integration.adapters.logs import until


async def test_a_connection_is_kept_through_a_servers_death_and_says_each_change(region: LocalRegion) -> None:
    changes: list[str | None] = []
    async with open_connection([region.nats_url], name="kept", on_change=changes.append) as connection:
        first = await connection.session()
        await region.nats.kill()
        await until(lambda: first.is_lost)
        assert not connection.is_connected
        with pytest.raises(Unavailable, match="not connected"):
            _ = connection.current
        await region.nats.restart()
        async with asyncio.timeout(2):
            second = await connection.session()
        assert second is not first
        assert first.is_lost
        await second.client.flush()
    assert changes[0] is None
    assert changes[-1] is None
    assert any(change is not None for change in changes)


async def test_a_silent_server_is_noticed_within_a_few_pings_and_its_session_ends(
    region: LocalRegion, connection: Connection
) -> None:
    session = await connection.session()
    region.nats.pause()
    try:
        async with asyncio.timeout(6):
            await session.wait_lost()
    finally:
        region.nats.resume()
    async with asyncio.timeout(3):
        assert await connection.session() is not session
