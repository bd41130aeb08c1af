"""A region that is cut off: the others report it, each side continues alone, and the link heals automatically."""

import asyncio

import pytest

from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import calling_all, under_load
from tests.e2e.evidence import check, check_told, settled, watermarks

CUT = "asia-japan"


async def test_a_cut_region_makes_all_regions_a_408_that_names_it_and_nothing_else_waits(*, whole: bool) -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        await demo.cut(CUT)
        late = await callers["us-iowa"].register(level="all_regions", timeout_seconds=2)
        assert late.status == 408
        assert late.body["errors"][0]["httpcode"] == 408
        assert 2.0 <= late.seconds < 10
        consistency = late.body["meta"]["consistency"]
        assert consistency == {
            "required": "all_regions",
            "timeout_seconds": 2,
            "state": "committed",
            "acknowledged": ["europe-belgium", "us-iowa"],
            "pending": [CUT],
        }
        async with under_load(list(callers.values()), each=2) as load:
            # Long enough for each side to notice the cut and to close the old connections.
            await asyncio.sleep(20 if whole else 4)
        assert {told.status for told in load.told} == {201}
        assert max(told.seconds for told in load.told) < 5
        await demo.heal(CUT)
        seconds = await fed_again(demo)
        print(f"everything was everywhere {seconds:.2f} s after the heal")
        assert seconds < 5
        evidence = await settled(demo)
        check(evidence)
        assert check_told(evidence, [*load.told, late]) == {201: len(load.told), "408 committed": 1}


async def fed_again(demo: LocalRegions) -> float:
    """The seconds until all regions have the same events."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with asyncio.timeout(30):
        while True:
            marks = [await watermarks(region.redis_url) for region in demo.regions.values()]
            if all(mark == marks[0] for mark in marks):
                return loop.time() - begin
            await asyncio.sleep(0.02)


@pytest.mark.long
async def test_a_region_that_restarts_alone_serves_reads_and_local_writes() -> None:
    async with local_regions(round_trips=0) as demo, calling_all(demo) as callers:
        before = await callers["us-iowa"].register(level="all_regions")
        assert before.status == 201
        alone = demo.region(CUT)
        for name, region in demo.regions.items():
            if name != CUT:
                for process in region.processes:
                    await process.kill()
        for process in alone.processes:
            await process.stop()
        for process in alone.processes:
            await process.start()
        for process in alone.processes:
            await process.wait_ready()
        assert await callers[CUT].read_status(before.webhook_id) == 200
        local = await callers[CUT].register()
        assert local.status == 201
        assert await callers[CUT].read_status(local.webhook_id) == 200
        assert await callers[CUT].trigger(before.webhook_id) == 201
        late = await callers[CUT].register(level="all_regions", timeout_seconds=1)
        assert late.status == 408
        assert late.body["meta"]["consistency"]["pending"] == ["europe-belgium", "us-iowa"]
        for region in demo.regions.values():
            for process in region.processes:
                if not process.is_running:
                    await process.start()
        await demo.wait_ready()
        evidence = await settled(demo)
        check(evidence)
        assert check_told(evidence, [before, local, late]) == {201: 2, "408 committed": 1}
