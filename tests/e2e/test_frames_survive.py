"""Frames and their writers are killed under load: the log has whole frames only, and every response was true."""

import asyncio
from collections.abc import Callable

import pytest

from deploy.local import LocalRegion, local_regions
from deploy.local.processes.http_process import HttpProcess
from tests.e2e.callers import Caller, Load, Told, calling, calling_all, fate, under_load, until
from tests.e2e.evidence import Evidence, check, check_told, settled
from tests.e2e.frames import frame_sizes
from tests.e2e.keyed_writes import check_written, under_keyed_load

HERE = "us-iowa"
KILLS_OF_NATS = 25
AWAY_EVERY = 5
"""After how many kills NATS stays away until requests were refused."""

KILLS = 8
WRITERS = 40
"""Enough that frames have several events."""

FRAMES = {"CROSSHOOK_FRAMES": "always"}
"""A log that is often away has no time in which all its readers are seen."""

pytestmark = pytest.mark.long


def check_frames(evidence: Evidence, *, at_least: int) -> None:
    """Check that many frames have several events. That each is whole, reading the evidence has checked."""
    sizes = frame_sizes(evidence.origin(HERE))
    print(f"frames {sorted(sizes.items())}")
    assert sum(count for size, count in sizes.items() if size > 1) >= at_least, sizes


async def accepted_more(accepted: Callable[[], int]) -> None:
    """Return once as many more writes are accepted as there are writers."""
    enough = accepted() + WRITERS
    await until(lambda: accepted() >= enough)


async def refused_more(load: Load) -> None:
    """Return once requests were refused, or gave up on an event that may have been stored."""
    refused = len(load.of(408)) + len(load.of(503))
    await until(lambda: len(load.of(408)) + len(load.of(503)) > refused)


async def check_fates(callers: list[Caller], told: list[Told], evidence: Evidence) -> None:
    """Check that the operation of every 408 is true, as seen from each region: it is `applied`, or `never`."""
    there = evidence.operations(HERE)
    for one in told:
        if one.status == 408:
            for caller in callers:
                state = (await fate(caller, one.operation, one.organization))["state"]
                assert state == ("applied" if one.operation in there else "never"), one


async def test_nats_killed_again_and_again_under_load_keeps_whole_frames_and_every_acknowledged_write() -> None:
    async with local_regions(regions=2, round_trips=0, settings=FRAMES) as demo, calling_all(demo) as callers:
        nats = demo.region(HERE).nats
        async with under_load([callers[HERE]], each=WRITERS, timeout_seconds=1, pause_seconds=0.2) as load:
            for number in range(KILLS_OF_NATS):
                await accepted_more(lambda: len(load.of(201)))
                await nats.kill()
                if number % AWAY_EVERY == 0:
                    await refused_more(load)
                await nats.start()
        await demo.wait_ready()
        # An event that can still land lands before this one.
        async with asyncio.timeout(20):
            while (await callers[HERE].register(level="all_regions", timeout_seconds=5)).status != 201:
                await asyncio.sleep(0.1)
        evidence = await settled(demo)
        check(evidence)
        print(f"told {check_told(evidence, load.told)}")
        await check_fates(list(callers.values()), load.told, evidence)
        check_frames(evidence, at_least=KILLS_OF_NATS)


def the_service(region: LocalRegion) -> HttpProcess:
    return region.services[0]


def the_replicator(region: LocalRegion) -> HttpProcess:
    return region.replicators[0]


@pytest.mark.parametrize("victim_in", [the_service, the_replicator])
async def test_a_process_killed_again_and_again_under_load_leaves_whole_frames_and_no_write_twice(
    victim_in: Callable[[LocalRegion], HttpProcess],
) -> None:
    async with local_regions(regions=2, round_trips=0, settings=FRAMES) as demo, calling_all(demo) as callers:
        region = demo.region(HERE)
        victim, second = victim_in(region), await region.add_service()
        await second.wait_ready()
        async with calling(second.url, callers[HERE].keys) as other:
            async with under_keyed_load([callers[HERE], other], writers=WRITERS) as load:
                for _ in range(KILLS):
                    await accepted_more(lambda: len(load.accepted))
                    await victim.kill()
                    await victim.start()
                    await victim.wait_ready()
            await demo.wait_ready()
            evidence = await settled(demo)
            check(evidence)
            check_written(evidence, load.writes)
            check_frames(evidence, at_least=KILLS)
            print(f"told {dict(load.told)}")
