"""A region with a forked log promises nothing until the right log is back. Then the halt ends."""

import asyncio
from typing import Any

import pytest

from deploy.local import local_regions
from tests.e2e.callers import Told, calling_all
from tests.e2e.set_back import restore, written_past_a_copy

US, EU = "us-iowa", "europe-belgium"
IN_FLIGHT_SECONDS = 15
"""Longer than it takes until the other region is heard."""


@pytest.mark.long
async def test_after_a_fork_nothing_is_promised_until_the_right_log_is_back_and_then_all_continues() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(US)
        older = await written_past_a_copy(demo, region, callers[US])
        await region.nats.stop()
        right = await region.nats.keep_files()
        await region.nats.start()
        await demo.wait_ready()

        await demo.cut(US)
        await restore(region, older)
        for process in region.processes:
            await process.wait_ready()
        # A region that is cut off accepts them: more events than it lost.
        forked = [await callers[US].register() for _ in range(8)]
        assert {told.status for told in forked} == {201}
        in_flight = asyncio.create_task(callers[US].register(level="all_regions", timeout_seconds=IN_FLIGHT_SECONDS))
        await asyncio.sleep(0.1)
        await demo.heal(US)
        async with asyncio.timeout(20):
            while not is_contradicted(await callers[US].ready()):
                await asyncio.sleep(0.05)
        late = await in_flight
        assert (late.status, late.state) == (408, "unknown")
        assert "an operator must look at this region's log (forked: " in message(late)

        await region.nats.stop()
        await region.nats.put_back_files(right)
        await region.nats.start()
        async with asyncio.timeout(60):
            while True:
                ready = [await callers[name].ready_or_none() for name in (US, EU)]
                if all(one is not None and not one["waiting_for"] and not one["halted"] for one in ready):
                    break
                await asyncio.sleep(0.1)
        for name in (US, EU):
            assert (await callers[name].register(level="all_regions")).status == 201
        for told in forked:
            assert await callers[US].read_status(told.webhook_id) == 404
        await in_flight


def is_contradicted(ready: dict[str, Any]) -> bool:
    """Whether the region's services and replicators both know that another region contradicts its log."""
    is_projection = any("put the right log of us-iowa back" in why for why in ready["waiting_for"])
    return is_projection and ready["halted"].get(US, "").startswith("forked: ")


def message(told: Told) -> str:
    return str(told.body["errors"][0]["message"])
