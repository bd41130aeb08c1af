"""The link of a region carries everything between it and the others, and can be cut on its own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from itertools import permutations

import pytest

from core.positions import Region
from deploy.docker import uplink as module
from deploy.docker.uplink import NAME, Settings, Uplink, carry, main, read_settings
from deploy.local.control.client import ask
from deploy.local.control.messages import (
    AskLinks,
    AskStatus,
    CutRegion,
    DelayPair,
    Done,
    HealRegion,
    LinksStatus,
    Refused,
    RoundTripStatus,
)
from deploy.local.errors import InvalidRequest, UnknownRegion
from deploy.local.network.geography import uniform_round_trips
from deploy.local.network.links import Address
from deploy.local.network.ports import LOCALHOST, Ports
from deploy.local.processes.probes import Ready, http_probe
from runtime.process import EXIT_BAD_SETTING

A, B, C = REGIONS = (Region("a"), Region("b"), Region("c"))
SERVERS = (1, 2, 3)
ROUND_TRIP_MILLISECONDS = 40.0
PAUSE_SECONDS = 0.1
"""How long a test waits before it concludes that nothing happens."""


@pytest.fixture
async def uplinks(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[Region, Uplink]]:
    """Three regions whose NATS servers send their names. Their networks are ports of this machine."""
    ports = Ports()
    nats, entries = (
        {(region, server): Address(LOCALHOST, ports.claim_any()) for region in REGIONS for server in SERVERS}
        for _ in range(2)
    )
    exits = {
        (here, to, server): Address(LOCALHOST, ports.claim_any())
        for here, to in permutations(REGIONS, 2)
        for server in SERVERS
    }
    monkeypatch.setattr(module, "nats_at", lambda region, *, server: nats[region, server])
    monkeypatch.setattr(module, "entry_of", lambda region, *, server: entries[region, server])
    monkeypatch.setattr(module, "exit_of", lambda here, *, to, regions, server: exits[here, to, server])  # noqa: ARG005 - as it is called
    trips = uniform_round_trips(REGIONS, milliseconds=ROUND_TRIP_MILLISECONDS)
    uplinks = {region: Uplink(region, REGIONS, trips) for region in REGIONS}
    async with AsyncExitStack() as stack:
        for (region, server), address in nats.items():
            saying = await asyncio.start_server(_saying(f"{region}{server}"), *address)
            await stack.enter_async_context(saying)
        for region in REGIONS:
            await uplinks[region].open()
            stack.push_async_callback(uplinks[region].close)
        yield uplinks
    ports.close()


def _saying(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a callback of asyncio's
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name.encode())
        writer.close()

    return serve


async def answering_server(uplink: Uplink, to: Region, *, server: int = 1, within_seconds: float = 5.0) -> str:
    """The server that a region's link to a server of `to` reaches; "" if none answers in time."""
    reader, writer = await asyncio.open_connection(*uplink.outgoing[to][server - 1].listen)
    try:
        async with asyncio.timeout(within_seconds):
            return (await reader.read()).decode()
    except TimeoutError:
        return ""
    finally:
        writer.close()


async def test_each_way_out_leads_to_one_nats_server_of_its_region(uplinks: dict[Region, Uplink]) -> None:
    for here, to in permutations(REGIONS, 2):
        for server in SERVERS:
            assert await answering_server(uplinks[here], to, server=server) == f"{to}{server}"


async def test_the_two_links_on_a_way_delay_it_once(uplinks: dict[Region, Uplink]) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await answering_server(uplinks[A], B)
    # A round trip to be connected, and half of one for the greeting of NATS.
    assert 1.5 <= (loop.time() - started) / (ROUND_TRIP_MILLISECONDS / 1000) < 2.5


async def test_cutting_one_link_cuts_its_region_off_both_ways_and_no_other(uplinks: dict[Region, Uplink]) -> None:
    await uplinks[C].fulfil(CutRegion(C))
    for server in SERVERS:
        assert await answering_server(uplinks[A], C, server=server, within_seconds=PAUSE_SECONDS) == ""
        assert await answering_server(uplinks[C], A, server=server, within_seconds=PAUSE_SECONDS) == ""
    assert await answering_server(uplinks[A], B) == "b1"
    asking = asyncio.create_task(answering_server(uplinks[A], C))
    await asyncio.sleep(PAUSE_SECONDS)
    assert not asking.done()
    await uplinks[C].fulfil(HealRegion(C))
    assert await asking == "c1"
    for server in SERVERS:
        assert await answering_server(uplinks[A], C, server=server) == f"c{server}"
        assert await answering_server(uplinks[C], A, server=server) == f"a{server}"


async def test_a_client_that_gives_up_at_a_cut_region_leaves_nothing_at_either_link(
    uplinks: dict[Region, Uplink],
) -> None:
    await uplinks[C].fulfil(CutRegion(C))
    for _ in range(5):
        _, writer = await asyncio.open_connection(*uplinks[A].outgoing[C][0].listen)
        writer.write(b"hello")
        await asyncio.sleep(2 * ROUND_TRIP_MILLISECONDS / 1000)
        writer.close()
    async with asyncio.timeout(5):
        while any(link.connection_count for link in (*uplinks[A].outgoing[C], *uplinks[C].incoming)):
            await asyncio.sleep(0.01)


async def test_a_link_obeys_only_commands_for_its_own_region(uplinks: dict[Region, Uplink]) -> None:
    with pytest.raises(InvalidRequest, match="this is the link of a; ask the link of b"):
        await uplinks[A].fulfil(CutRegion(B))
    with pytest.raises(UnknownRegion):
        await uplinks[A].fulfil(HealRegion("elsewhere"))
    with pytest.raises(InvalidRequest, match="this is the link of a; ask the link of b and that of c"):
        await uplinks[A].fulfil(DelayPair(B, C, 1))
    with pytest.raises(InvalidRequest, match="expected 0 to 60000 ms"):
        await uplinks[A].fulfil(DelayPair(A, C, -1))
    assert isinstance(await uplinks[A].fulfil(AskStatus()), Refused)


async def test_it_reports_that_it_delays_only_connections_from_its_region(uplinks: dict[Region, Uplink]) -> None:
    done = await uplinks[A].fulfil(DelayPair(B, A, 7))
    assert done == Done("this holds for connections from a; the link of b delays those from b")
    assert {link.round_trip_seconds for link in uplinks[A].outgoing[B]} == {0.007}
    assert {link.round_trip_seconds for link in uplinks[A].outgoing[C]} == {ROUND_TRIP_MILLISECONDS / 1000}


async def test_it_reports_its_own_pairs_and_whether_it_is_cut(uplinks: dict[Region, Uplink]) -> None:
    trips = [RoundTripStatus(a=B, b=other, milliseconds=ROUND_TRIP_MILLISECONDS) for other in (A, C)]
    assert await uplinks[B].fulfil(AskLinks()) == LinksStatus(regions=list(REGIONS), cut=[], round_trips=trips)
    await uplinks[B].fulfil(CutRegion(B))
    assert await uplinks[B].fulfil(AskLinks()) == LinksStatus(regions=list(REGIONS), cut=[B], round_trips=trips)


async def test_the_process_is_ready_while_it_listens_and_obeys_the_commands_of_a_demo(
    uplinks: dict[Region, Uplink], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("t")))
    await uplinks[B].close()
    ports = Ports()
    port = ports.claim_any()
    carrying = asyncio.create_task(carry(Settings(uplink=uplinks[B], here=B, host=LOCALHOST, port=port)))
    probe = http_probe(port)
    async with asyncio.timeout(10):
        while not isinstance(await probe(), Ready):
            await asyncio.sleep(0.02)
    healed_by = "heal it with `docker compose exec b-link crosshook link heal`"
    assert await asyncio.to_thread(ask, NAME, CutRegion(B)) == Done(healed_by)
    assert isinstance(await probe(), Ready)
    assert await answering_server(uplinks[A], B, within_seconds=PAUSE_SECONDS) == ""
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(10):
        await carrying
    ports.close()


@pytest.mark.parametrize("told", [{}, {"RTT": ""}], ids=["not set", "set to nothing, as Compose does"])
def test_the_default_round_trip_follows_from_geography(told: dict[str, str]) -> None:
    _, belgium, japan = regions = (Region("us-iowa"), Region("europe-belgium"), Region("asia-japan"))
    assert round_trips(regions, told) == {belgium: {0.1}, japan: {0.14}}


@pytest.mark.parametrize(("told", "seconds"), [("0", 0.0), ("40", 0.04), ("60000", 60.0)])
def test_a_configured_round_trip_holds_for_every_other_region(told: str, seconds: float) -> None:
    assert round_trips(REGIONS, {"RTT": told}) == {B: {seconds}, C: {seconds}}


def round_trips(regions: Sequence[Region], told: dict[str, str]) -> dict[Region, set[float]]:
    """Other region → the round trips of the first region's links to it."""
    uplink = read_settings(regions, {"CROSSHOOK_REGION": regions[0], **told}).uplink
    return {to: {link.round_trip_seconds for link in links} for to, links in uplink.outgoing.items()}


@pytest.mark.parametrize("told", ["fast", "nan", "inf", "-1", "70000"])
def test_an_invalid_round_trip_is_one_line(
    told: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CROSSHOOK_REGION", A)
    monkeypatch.setenv("RTT", told)
    with pytest.raises(SystemExit) as ended:
        main(list(REGIONS))
    assert ended.value.code == EXIT_BAD_SETTING
    assert capfd.readouterr().err == f"RTT: expected a number from 0 to 60000, got '{told}'\n"
