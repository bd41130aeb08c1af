"""Any number of services and replicators in a region: killing one at any instant changes nothing."""

import itertools
from functools import partial

import pytest

from deploy.local import local_regions
from tests.e2e.callers import Load, calling, calling_all, under_load, until
from tests.e2e.evidence import check, check_told, settled

CROWDED = "us-iowa"


def has_accepted(load: Load, count: int) -> bool:
    return len(load.of(201)) >= count


@pytest.mark.long
async def test_two_services_and_two_replicators_that_are_killed_in_turn_lose_nothing() -> None:
    kills = 12
    async with local_regions(round_trips=20) as demo, calling_all(demo) as others:
        crowded = demo.region(CROWDED)
        second_service = await crowded.add_service()
        second_replicator = await crowded.add_replicator()
        await second_service.wait_ready()
        await second_replicator.wait_ready()
        victims = itertools.cycle([crowded.services[0], crowded.replicators[0], second_service, second_replicator])
        async with (
            calling(second_service.url, others[CROWDED].keys) as second,
            under_load([*others.values(), second], each=3, timeout_seconds=10) as load,
            under_load([others["europe-belgium"]], each=2, level="all_regions", timeout_seconds=10) as wide,
        ):
            for _ in range(kills):
                victim = next(victims)
                await victim.kill()
                await victim.start()
                # Both processes of one kind must not be down at once: that is an outage.
                await victim.wait_ready()
                await until(partial(has_accepted, load, 20 + len(load.of(201))))
        assert {told.status for told in wide.told} == {201}
        await demo.wait_ready()
        evidence = await settled(demo)
        check(evidence)
        told = check_told(evidence, [*load.told, *wide.told])
        print(f"told {told}")
        assert told[201] > 20 * kills
