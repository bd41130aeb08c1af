"""A region restored from too old a copy of its log."""

from pathlib import Path

from deploy.local import LocalRegion, LocalRegions
from tests.e2e.callers import Caller

EVENTS_KEPT = 5
EVENTS_LOST = 5


async def written_past_a_copy(demo: LocalRegions, region: LocalRegion, caller: Caller) -> Path:
    """Have `EVENTS_KEPT` events everywhere, copy the files of the region's NATS, have `EVENTS_LOST` more everywhere."""
    for _ in range(EVENTS_KEPT):
        assert (await caller.register(level="all_regions")).status == 201
    await region.nats.stop()
    older = await region.nats.keep_files()
    await region.nats.start()
    await region.nats.wait_ready()
    await demo.wait_ready()
    for _ in range(EVENTS_LOST):
        assert (await caller.register(level="all_regions")).status == 201
    return older


async def restore(region: LocalRegion, older: Path) -> None:
    """Put the whole region back, as from a backup, so nothing in it can know that. It is started, and not yet ready."""
    for process in region.processes:
        await process.stop()
    await region.nats.put_back_files(older)
    await region.redis.erase_files()
    for process in region.processes:
        await process.start()
