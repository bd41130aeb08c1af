"""Regions of three NATS servers: any one of them may die at any moment, writes continue, and nothing is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import Caller, Told, accepted, calling_all, under_load
from tests.e2e.evidence import check, check_told, settled
from tests.several_servers import leader_of, until_whole

HERE, FAR = "us-iowa", "europe-belgium"
TIMEOUT_SECONDS = 30
GOES_ON_SECONDS_MAX = 20.0
"""The longest time until a write is accepted that begins when a server dies and is repeated while it is refused.

nats-server elects another leader 4 to 9 s after it heard the last one, and an election can fail."""

PAUSED_SECONDS = 8.0
"""Long enough for the others to elect another leader."""


@pytest.mark.long
async def test_a_server_of_three_that_is_killed_under_load_loses_nothing_and_writes_go_on() -> None:
    async with three_servers(regions=3) as (demo, callers):
        here = demo.region(HERE)
        told: list[Told] = []
        async with (
            under_load(list(callers.values()), each=3, timeout_seconds=TIMEOUT_SECONDS) as load,
            under_load(list(callers.values()), each=1, level="all_regions", timeout_seconds=TIMEOUT_SECONDS) as wide,
        ):
            for role in ("a follower", "the leader") * 2:
                leader = await leader_of(here, HERE)
                followers = [server for server in here.nats_servers if server is not leader]
                victim = leader if role == "the leader" else followers[0]
                await victim.kill()
                seconds = await goes_on(callers, told)
                print(f"{role} killed: {seconds}")
                await victim.start()
                await until_whole(here)
        told += load.told + wide.told
        assert {one.status for one in told} <= {201, 408, 503}
        await lost_nothing(demo, told)


@pytest.mark.long
async def test_no_process_believes_a_leader_that_resumes_after_a_pause_and_none_raises_an_alarm() -> None:
    async with three_servers(regions=2) as (demo, callers):
        here = demo.region(HERE)
        told: list[Told] = []
        async with (
            under_load(list(callers.values()), each=2, timeout_seconds=TIMEOUT_SECONDS) as load,
            under_load(list(callers.values()), each=1, level="all_regions", timeout_seconds=TIMEOUT_SECONDS) as wide,
        ):
            for _ in range(2):
                leader = await leader_of(here, HERE)
                leader.pause()
                paused_until = asyncio.get_running_loop().time() + PAUSED_SECONDS
                print(f"the leader paused: {await goes_on(callers, told)}")
                await asyncio.sleep(paused_until - asyncio.get_running_loop().time())
                leader.resume()
                await until_whole(here)
        told += load.told + wide.told
        assert {one.status for one in told} <= {201, 408, 503}
        await lost_nothing(demo, told)


@asynccontextmanager
async def three_servers(*, regions: int) -> AsyncIterator[tuple[LocalRegions, dict[str, Caller]]]:
    async with local_regions(regions=regions, round_trips=20, nats_servers=3) as demo, calling_all(demo) as callers:
        for region in demo.regions.values():
            await until_whole(region)
        yield demo, callers


async def goes_on(callers: dict[str, Caller], told: list[Told]) -> str:
    """The seconds until a write is accepted, at each level, in this region and in another one."""
    ways = [(name, level) for level in ("local_region", "all_regions") for name in (HERE, FAR)]
    async with asyncio.timeout(GOES_ON_SECONDS_MAX):
        seconds = await asyncio.gather(
            *(accepted(callers[name], level=level, timeout_seconds=TIMEOUT_SECONDS, told=told) for name, level in ways)
        )
    return ", ".join(f"{level} in {name} {taken:.2f} s" for (name, level), taken in zip(ways, seconds, strict=True))


async def lost_nothing(demo: LocalRegions, told: list[Told]) -> None:
    """Check that responses were true, regions are equal, and no process raised an alarm for a server's death."""
    await demo.wait_ready()
    evidence = await settled(demo)
    check(evidence)
    print(
        f"told {check_told(evidence, told)}, slowest 201 {max(one.seconds for one in told if one.status == 201):.1f} s"
    )
    assert not alarms(demo)


def alarms(demo: LocalRegions) -> list[str]:
    """The log lines of services and replicators that need an operator."""
    return [
        f"{process.name}: {line}"
        for region in demo.regions.values()
        for process in (*region.services, *region.replicators)
        for line in process.log.read_text().splitlines()
        if json.loads(line)["level"] in ("error", "critical")
    ]
