"""Regions of three NATS servers on one machine: each server is reached, dies and comes back on its own."""

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import nats
import nats.errors
import pytest
from nats.aio.client import Client

from deploy.local import LocalRegion, LocalRegions, local_regions
from deploy.local.errors import NatsServersDiffer
from deploy.local.network.ports import LOCALHOST
from deploy.nats.accounts import LOG_OPERATOR

HERE, THERE = "us-iowa", "europe-belgium"
STREAM = "kept"


@asynccontextmanager
async def servers(*, data: Path | None = None) -> AsyncIterator[LocalRegions]:
    """The servers of two regions with three servers each."""
    async with local_regions(
        regions=(HERE, THERE), round_trips=0, data=data, services=0, replicators=0, nats_servers=3
    ) as demo:
        yield demo


@asynccontextmanager
async def a_client(url: str) -> AsyncIterator[Client]:
    client = await nats.connect(url, allow_reconnect=False, ping_interval=3600)
    try:
        yield client
    finally:
        await client.close()


async def publish(region: LocalRegion, text: str, *, server: int = 0) -> None:
    """Publish `text` to a stream on all three servers. Repeat it until a server leads the stream and takes it."""
    async with asyncio.timeout(30):
        while True:
            with suppress(nats.errors.Error):
                async with a_client(region.nats_url_as(LOG_OPERATOR, server=server)) as client:
                    await client.jetstream().add_stream(name=STREAM, subjects=[STREAM], num_replicas=3)
                    await client.jetstream().publish(STREAM, text.encode())
                    return
            await asyncio.sleep(0.05)


async def messages(region: LocalRegion, *, server: int = 0) -> int:
    async with a_client(region.nats_url_as(LOG_OPERATOR, server=server)) as client:
        info = await client.jetstream().stream_info(STREAM)
        assert len((info.cluster and info.cluster.replicas) or []) == 2
        return info.state.messages


async def greeting(port: int, *, within_seconds: float = 5) -> tuple[str, str]:
    """The names of the server at `port` and of its cluster."""
    reader, writer = await asyncio.open_connection(LOCALHOST, port)
    try:
        line = await asyncio.wait_for(reader.readline(), within_seconds)
    finally:
        writer.close()
    told = json.loads(line.removeprefix(b"INFO "))
    return told["server_name"], told["cluster"]


async def test_each_region_sees_every_server_of_the_others_through_a_link_of_its_own() -> None:
    async with servers() as demo:
        here, there = demo.region(HERE), demo.region(THERE)
        seen = tomllib.loads(here.topology.read_text())["regions"]
        assert seen[HERE]["nats"] == [server.url for server in here.nats_servers]
        assert [config["replicas"] for config in seen.values()] == [3, 3]
        assert not set(seen[THERE]["nats"]) & {server.url for server in there.nats_servers}
        reached = [await greeting(urlsplit(address).port or 0) for address in seen[THERE]["nats"]]
        assert [name for name, _ in reached] == [f"{THERE}-1", f"{THERE}-2", f"{THERE}-3"]
        assert {name for _, name in reached} == {THERE}


async def test_a_cut_cuts_off_every_server() -> None:
    async with servers() as demo:
        await demo.cut(THERE)
        ports = [*demo.mesh.ports(HERE, THERE), *demo.mesh.ports(THERE, HERE)]
        assert len(set(ports)) == 6
        for port in ports:
            with pytest.raises(TimeoutError):
                await greeting(port, within_seconds=0.1)
        await demo.heal(THERE)
        for port in ports:
            await greeting(port)


@pytest.mark.long
async def test_the_data_of_three_servers_survives_the_loss_of_any_one_and_its_disk() -> None:
    async with servers() as demo:
        here = demo.region(HERE)
        await publish(here, "first")
        for index, server in enumerate(here.nats_servers):
            await server.kill()
            await publish(here, f"without {index}", server=(index + 1) % 3)
            await server.erase_files()
            await server.restart()
            # This server must have recovered its data before the next one is killed.
            await until_whole(here)
        assert await messages(here) >= 4


async def until_whole(region: LocalRegion) -> None:
    async with asyncio.timeout(30):
        while True:
            with suppress(nats.errors.Error, OSError):
                async with a_client(region.nats_url) as client:
                    info = await client.jetstream().stream_info(STREAM)
                    if all(replica.current for replica in (info.cluster and info.cluster.replicas) or []):
                        return
            await asyncio.sleep(0.05)


@pytest.mark.long
async def test_kept_data_starts_only_with_the_same_number_of_servers(tmp_path: Path) -> None:
    async with servers(data=tmp_path) as demo:
        await publish(demo.region(HERE), "kept")
    async with servers(data=tmp_path) as demo:
        await publish(demo.region(HERE), "again")
        assert await messages(demo.region(HERE), server=2) == 2
    with pytest.raises(
        NatsServersDiffer, match="was made with --nats-servers 3; start with that number or name another directory"
    ):
        async with local_regions(regions=(HERE, THERE), data=tmp_path, services=0, replicators=0):
            pytest.fail("one server does not have what three kept")


async def test_no_server_joins_a_region_without_its_password() -> None:
    async with servers() as demo:
        told = json.loads((demo.region(HERE).directory / "nats-1.conf").read_text())
        reader, writer = await asyncio.open_connection(LOCALHOST, int(told["cluster"]["listen"].split(":")[1]))
        assert (await reader.readline()).startswith(b"INFO ")
        writer.write(b'CONNECT {"verbose":false,"name":"a stranger","user":"routes","pass":"guessed"}\r\nPING\r\n')
        async with asyncio.timeout(5):
            assert b"Authorization Violation" in await reader.read()
        writer.close()
