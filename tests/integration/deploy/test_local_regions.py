"""Regions on one machine start together, keep what they should, and leave nothing behind."""

import asyncio
import socket
import tomllib
from collections.abc import Callable
from pathlib import Path

import nats
import pytest
import redis.asyncio
from nats.aio.client import Client

from deploy.local.errors import DataInUse, PortInUse, ProcessDied, RegionsMissing, StillRunning, UnknownRegion
from deploy.local.network.ports import LOCALHOST, Ports
from deploy.local.region import LocalRegion
from deploy.local.regions import LocalRegions
from deploy.local.starting import local_regions
from tests.http_client import http_client

TWO = ("us-iowa", "europe-belgium")


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def is_empty(directory: Path) -> bool:
    return not list(directory.iterdir())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def a_client(url: str) -> Client:
    return await nats.connect(url, allow_reconnect=False, ping_interval=3600)


async def remember(region: LocalRegion, value: str) -> None:
    async with redis.asyncio.Redis.from_url(region.redis_url) as client:
        await client.set("key", value)


async def remembered(region: LocalRegion) -> bytes | None:
    async with redis.asyncio.Redis.from_url(region.redis_url) as client:
        value = await client.get("key")
        assert not isinstance(value, str)
        return value


async def test_the_end_leaves_no_process_and_no_file(temporary: Path) -> None:
    async with local_regions(regions=TWO, services=0, replicators=0) as demo:
        pids = [process.pid for process in demo.processes]
        assert len(pids) == 4
        assert all(is_alive(pid) for pid in pids)
        assert demo.data.is_relative_to(temporary)
    assert not any(is_alive(pid) for pid in pids)
    assert is_empty(temporary)


@pytest.mark.usefixtures("stand_ins")
async def test_cancelling_the_start_leaves_nothing_behind(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_WAITS_FOR", "ever")
    waiting: list[str] = []

    async def run() -> None:
        async with local_regions(regions=1, report=lambda name, reason: waiting.append(f"{name} {reason}")):
            pytest.fail("it cannot be ready")

    task = asyncio.create_task(run())
    await until(lambda: "us-iowa/service-1 ever" in waiting)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert is_empty(temporary)


@pytest.mark.usefixtures("stand_ins")
async def test_a_process_that_dies_at_the_start_is_named_and_nothing_is_left(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_DIES", "3")
    with pytest.raises(ProcessDied, match=r"us-iowa/(service|replicator)-1 ended with exit code 3") as caught:
        async with local_regions(regions=1):
            pytest.fail("it cannot be ready")
    assert "out of luck" in caught.value.log_tail
    assert is_empty(temporary)


async def test_every_region_sees_itself_directly_and_the_others_through_links() -> None:
    async with local_regions(regions=TWO, round_trips=400.0, services=0, replicators=0) as demo:
        for region in demo.regions.values():
            seen = tomllib.loads(region.topology.read_text())["regions"]
            assert list(seen) == list(TWO)
            assert seen[region.name] == {"nats": [region.nats.url], "redis": region.redis.url}
        iowa, belgium = (demo.region(name) for name in TWO)
        address = tomllib.loads(iowa.topology.read_text())["regions"]["europe-belgium"]["nats"][0]
        assert address != belgium.nats.url
        assert through_link(demo).endswith(address.removeprefix("nats://"))
        client = await a_client(through_link(demo))
        started = asyncio.get_running_loop().time()
        await client.flush()
        assert 0.398 <= asyncio.get_running_loop().time() - started < 0.8, "one round trip, and less than two"
        await client.close()


async def test_a_cut_region_is_silent_to_others_and_heals_with_nothing_lost() -> None:
    async with local_regions(regions=TWO, round_trips=0.0, services=0, replicators=0) as demo:
        direct, remote = await a_client(demo.region("europe-belgium").nats_url), await a_client(through_link(demo))
        heard = await remote.subscribe("news")
        await remote.flush()
        await demo.cut("us-iowa")
        await direct.publish("news", b"1")
        await direct.flush()
        await demo.cut("europe-belgium")
        await demo.heal("us-iowa")
        with pytest.raises(TimeoutError):
            await heard.next_msg(timeout=0.1)
        await demo.heal("europe-belgium")
        assert (await heard.next_msg(timeout=2)).data == b"1"
        await direct.close()
        await remote.close()
        with pytest.raises(UnknownRegion, match="there is no region 'mars'; the regions are us-iowa, europe-belgium"):
            await demo.cut("mars")


async def test_the_files_of_a_stopped_server_can_be_saved_restored_and_erased() -> None:
    async with local_regions(regions=1, services=0, replicators=0) as demo:
        region = demo.region("us-iowa")
        await remember(region, "old")
        with pytest.raises(StillRunning, match="us-iowa/redis is running"):
            await region.redis.keep_files()
        await region.redis.stop()
        old = await region.redis.keep_files()
        await region.redis.start()
        await region.redis.wait_ready()
        await remember(region, "new")
        await region.redis.stop()
        await region.redis.put_back_files(old)
        await region.redis.start()
        await region.redis.wait_ready()
        assert await remembered(region) == b"old"
        await region.redis.kill()
        await region.redis.erase_files()
        await region.redis.restart()
        assert await remembered(region) is None


async def test_given_data_is_kept_and_started_from_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with local_regions(regions=1, data=data, services=0, replicators=0) as demo:
        await remember(demo.region("us-iowa"), "kept")
        client = await a_client(demo.region("us-iowa").nats_url)
        await client.jetstream().add_stream(name="kept", subjects=["kept"])
        await client.jetstream().publish("kept", b"1")
        await client.close()
        with pytest.raises(DataInUse, match="other running regions use "):
            async with local_regions(regions=1, data=data, services=0, replicators=0):
                pytest.fail("two cannot have it")
    async with local_regions(regions=2, data=data, services=0, replicators=0) as demo:
        assert await remembered(demo.region("us-iowa")) == b"kept"
        client = await a_client(demo.region("us-iowa").nats_url)
        assert (await client.jetstream().stream_info("kept")).state.messages == 1
        await client.close()
    with pytest.raises(RegionsMissing, match="also holds europe-belgium; start with more --regions"):
        async with local_regions(regions=1, data=data, services=0, replicators=0):
            pytest.fail("a region would be missing")


async def test_a_http_port_in_use_is_named_with_its_region(temporary: Path) -> None:
    ports = Ports()
    port = ports.claim_any()
    ports.close()
    named = f"port {port + 1} is in use, and the service of europe-belgium needs it; .*--http-port"
    with socket.create_server((LOCALHOST, port + 1)), pytest.raises(PortInUse, match=named):
        async with local_regions(regions=TWO, http_port=port):
            pytest.fail("it cannot listen")
    assert is_empty(temporary)


@pytest.mark.usefixtures("stand_ins")
async def test_settings_reach_the_processes_and_a_stray_environment_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSHOOK_STRAY", "1")
    async with local_regions(regions=1, settings={"CROSSHOOK_OURS": "2"}) as demo:
        region = demo.region("us-iowa")
        second = await region.add_service({"CROSSHOOK_OURS": "3"})
        await second.wait_ready()
        assert second.url != region.http_url
        assert await settings_of(region.http_url) == {
            "CROSSHOOK_ADMIN_KEY": demo.admin_key,
            "CROSSHOOK_CREDENTIALS": str(region.directory / "service.toml"),
            "CROSSHOOK_LISTEN": region.http_url.removeprefix("http://"),
            "CROSSHOOK_OURS": "2",
            "CROSSHOOK_REGION": "us-iowa",
            "CROSSHOOK_TOPOLOGY": str(region.topology),
        }
        assert (await settings_of(second.url))["CROSSHOOK_OURS"] == "3"


async def test_nats_servers_share_the_processors_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for given, expected in (("", "1"), ("7", "7")):
        if given:
            monkeypatch.setenv("GOMAXPROCS", given)
        else:
            monkeypatch.delenv("GOMAXPROCS", raising=False)
            monkeypatch.setattr("os.cpu_count", lambda: 2)
        async with local_regions(regions=TWO, services=0, replicators=0) as demo:
            for region in demo.regions.values():
                assert f"GOMAXPROCS={expected}\0" in environment_of(region.nats.pid)


@pytest.mark.usefixtures("stand_ins")
async def test_an_admin_key_is_made_anew_unless_one_is_given() -> None:
    made = set()
    for _ in range(2):
        async with local_regions(regions=1, replicators=0) as demo:
            made.add(demo.admin_key)
    assert len(made) == 2
    assert min(map(len, made)) >= 32
    async with local_regions(regions=1, replicators=0, settings={"CROSSHOOK_ADMIN_KEY": "a" * 32}) as demo:
        assert demo.admin_key == "a" * 32


async def settings_of(url: str) -> dict[str, str]:
    async with http_client() as client:
        settings: dict[str, str] = (await client.get(f"{url}/readyz")).json()["settings"]
        return settings


async def test_a_restarted_server_is_reached_through_the_same_links() -> None:
    async with local_regions(regions=TWO, round_trips=0.0, services=0, replicators=0) as demo:
        await check_reachable(demo)
        belgium = demo.region("europe-belgium").nats
        await belgium.kill()
        await belgium.restart()
        await check_reachable(demo)


async def check_reachable(demo: LocalRegions) -> None:
    client = await a_client(through_link(demo))
    await client.flush()
    await client.close()


def through_link(demo: LocalRegions) -> str:
    """The second region's NATS, as the first one reaches it."""
    far = demo.region(TWO[1])
    return far.nats_url.replace(f":{far.nats_ports[0]}", f":{demo.mesh.ports(*TWO)[0]}")


def environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text()
