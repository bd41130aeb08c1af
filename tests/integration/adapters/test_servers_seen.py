"""A process knows which servers it uses, also after another one has taken the place of one of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.connection import open_connection
from adapters.projection import open_projection
from adapters.redis_pool import make_pool
from adapters.server_patches import Kind, Server
from core.positions import Region
from deploy.local import LocalRegion
from deploy.local.processes.servers import find_servers


async def test_the_servers_are_those_that_their_programs_report_to_be(region: LocalRegion) -> None:
    servers = find_servers()
    async with open_projection(region.redis_url, region=Region(region.name)) as projection:
        assert projection.server is None, "nothing has connected yet"
        await projection.observe()
        assert projection.server == servers.redis.server
    async with open_connection([region.nats_url], name="test") as connection:
        await connection.session()
        assert connection.server == servers.nats.server


@asynccontextmanager
async def a_redis_that_reports(info: list[str]) -> AsyncIterator[int]:
    """The port of a server that answers every `INFO` with the first of `info`."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1024):
                text = info[0].encode()
                writer.write(b"$%d\r\n%s\r\n" % (len(text), text) if b"INFO" in data else b"+OK\r\n")
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("other", ["redis_version:6.2.20\r\n", "redis_version:7.2.4\r\nvalkey_version:8.1.4\r\n"])
async def test_a_new_connection_leads_to_the_server_that_took_the_place_of_the_last_one(other: str) -> None:
    info = ["# Server\r\nredis_version:6.2.14\r\nrole:master\r\n"]
    async with a_redis_that_reports(info) as port:
        pool = make_pool(f"redis://127.0.0.1:{port}/0")
        connection = await pool.get_connection()  # type: ignore[no-untyped-call]
        assert pool.server == Server(Kind.REDIS, (6, 2, 14))
        info[0] = other
        await connection.disconnect()
        await connection.connect()
        assert pool.server in (Server(Kind.REDIS, (6, 2, 20)), Server(Kind.VALKEY, (8, 1, 4)))
        await pool.disconnect()
