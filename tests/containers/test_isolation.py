"""A region reaches another one through the links and in no other way."""

import asyncio
import json
import socket
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from core.positions import Region
from deploy.docker.layout import MONITOR, NATS_PORT, NATS_SERVERS, REDIS_PORT, entry_of, exit_of
from tests.containers.composed import LINKS, REGIONS, REPLICATORS, RUNNING, SERVERS, SERVICES, Composed

pytestmark = pytest.mark.containers

HTTP_PORT, PROMETHEUS_PORT = 8080, 9090
RESOLVER = "127.0.0.11"
"""The port of the engine's own name server, in every container."""
LISTENING = "0A"
MONITOR_PORT = int(MONITOR.rpartition(":")[2])
NUMBERS = range(1, max(NATS_SERVERS) + 1)
"""The numbers of a region's NATS servers: links have a port for each possible one."""

TRY_ALL = """
import asyncio, json, sys

async def is_open(host, port):
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True

async def main():
    places = [tuple(place) for place in json.load(sys.stdin)]
    found = await asyncio.gather(*(is_open(*place) for place in places))
    print(json.dumps([place for place, open in zip(places, found) if open]))

asyncio.run(main())
"""
"""A port is closed if it refuses, is unreachable, or is silent for this long.

On one machine a connection takes no time.
"""


ASK_NAMES = """
import concurrent.futures, json, socket, sys

def is_known(name):
    try:
        return bool(socket.getaddrinfo(name, 1))
    except OSError:
        return False

with concurrent.futures.ThreadPoolExecutor(40) as pool:
    print(json.dumps([name for name, known in zip(sys.argv[1:], pool.map(is_known, sys.argv[1:])) if known]))
"""


class Place(NamedTuple):
    """A container, by its name in docker-compose.yml, and a port."""

    service: str
    port: int


async def reached(composed: Composed, service: str, places: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The places to which a container's process can connect."""
    given = json.dumps(places).encode()
    outcome = await composed.execute(service, "python", "-c", TRY_ALL, given=given, within_seconds=60)
    assert outcome.code == 0, outcome.error
    return [(host, port) for host, port in json.loads(outcome.out)]


async def addresses(composed: Composed) -> Mapping[str, str]:
    """Address -> its container, which has one in each of its networks."""
    return {
        network["IPAddress"]: service
        for service, state in (await composed.states()).items()
        for network in state["NetworkSettings"]["Networks"].values()
        if network["IPAddress"]
    }


def region_of(service: str) -> Region:
    """The region of a container."""
    return next(region for region in REGIONS if service.startswith(region))


async def listened_at(composed: Composed, service: str) -> set[int]:
    """Every port at which a process in a container listens, according to the kernel."""
    outcome = await composed.execute(service, "cat", "/proc/net/tcp", "/proc/net/tcp6")
    sockets = [line.split() for line in outcome.out.splitlines() if ": " in line]
    places = [local.split(":") for _, local, _, state, *_ in sockets if state == LISTENING]
    resolver = socket.inet_aton(RESOLVER)[::-1].hex().upper()
    return {int(port, 16) for address, port in places if address != resolver}


def of_own_region(here: Region) -> set[Place]:
    """The places that must be reachable in a region's own network."""
    servers = {
        Place(f"{here}-nats", NATS_PORT),
        Place(f"{here}-redis", REDIS_PORT),
        Place("prometheus", PROMETHEUS_PORT),
    }
    exits = {
        Place(f"{here}-link", exit_of(here, to=to, regions=REGIONS, server=server).port)
        for to in REGIONS
        if to != here
        for server in NUMBERS
    }
    processes = {Place(name, HTTP_PORT) for name in (*SERVICES, *REPLICATORS) if name.startswith(here)}
    return servers | exits | processes


def beyond(service: str) -> set[Place]:
    """The places that only a link reaches: the entries of all regions' links."""
    if service not in LINKS:
        return set()
    return {Place(f"{region}-link", entry_of(region, server=server).port) for region in REGIONS for server in NUMBERS}


async def test_a_container_reaches_only_its_own_region_and_the_others_through_its_link(composed: Composed) -> None:
    """Each container with Python tries every listening port at every address of every container."""
    looking = [*SERVICES, *REPLICATORS, *LINKS]
    owners = await addresses(composed)
    ports = set.union(*[await listened_at(composed, service) for service in RUNNING])
    assert ports >= {NATS_PORT, REDIS_PORT, HTTP_PORT, PROMETHEUS_PORT, MONITOR_PORT}
    tried = [(address, port) for address in owners for port in ports]
    found = await asyncio.gather(*(reached(composed, service, tried) for service in looking))
    seen = {
        service: {Place(owners[host], port) for host, port in places}
        for service, places in zip(looking, found, strict=True)
    }
    assert seen == {service: of_own_region(region_of(service)) | beyond(service) for service in looking}


@pytest.mark.parametrize("here", REGIONS)
async def test_no_container_outside_a_region_is_known_there_by_name(composed: Composed, here: Region) -> None:
    known = [f"{here}-nats", f"{here}-redis", f"{here}-exit"]
    unknown = [name for name in (*SERVERS, *LINKS, *SERVICES, *REPLICATORS) if not name.startswith(here)]
    unknown += [f"{region}-{end}" for region in REGIONS for end in ("exit", "entry") if f"{region}-{end}" not in known]
    outcome = await composed.execute(f"{here}-replicator-1", "python", "-c", ASK_NAMES, *known, *unknown)
    assert json.loads(outcome.out) == known


async def test_no_region_reaches_ports_published_on_this_machine(composed: Composed) -> None:
    """Such a port would be a way around the links."""
    published = [int(url.rpartition(":")[2]) for url in (*composed.urls.values(), composed.prometheus_url)]
    for here in REGIONS:
        for name in (here, f"{here}-edge"):
            gateway = (await composed.network(name))["IPAM"]["Config"][0]["Gateway"]
            tried = [(gateway, port) for port in published]
            assert await reached(composed, f"{here}-service-1", tried) == [], gateway


@pytest.mark.parametrize("service", LINKS)
async def test_a_link_forwards_only_connections_to_a_nats_and_no_packets(composed: Composed, service: str) -> None:
    """No other container but Prometheus is in two networks."""
    for name in (service, "prometheus"):
        outcome = await composed.execute(name, "cat", "/proc/sys/net/ipv4/ip_forward")
        assert outcome.out.strip() == "0"


async def test_a_container_in_several_networks_is_a_link_or_prometheus_or_published(composed: Composed) -> None:
    several = {
        service: {name.removeprefix(f"{composed.name}_") for name in state["NetworkSettings"]["Networks"]}
        for service, state in (await composed.states()).items()
        if len(state["NetworkSettings"]["Networks"]) > 1
    }
    assert several == {
        **{f"{region}-link": {region, "wan"} for region in REGIONS},
        **{f"{region}-service-{number}": {region, f"{region}-edge"} for region in REGIONS for number in (1, 2)},
        "prometheus": {*REGIONS, "monitoring"},
    }
