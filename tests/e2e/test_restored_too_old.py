"""A region whose log was restored from an older copy learns that from the others, and stops writing."""

import asyncio
from typing import Any

import pytest

from deploy.local import local_regions
from tests.e2e.callers import calling_all
from tests.e2e.evidence import last_sequence
from tests.e2e.set_back import restore, written_past_a_copy

ORIGIN = "us-iowa"
OTHERS = ("europe-belgium", "asia-japan")


@pytest.mark.long
async def test_a_log_set_back_gets_no_false_201_and_is_not_written_to_once_the_others_are_heard() -> None:
    async with local_regions(round_trips=0) as demo, calling_all(demo) as callers:
        region = demo.region(ORIGIN)
        older = await written_past_a_copy(demo, region, callers[ORIGIN])
        await restore(region, older)
        statuses = []
        async with asyncio.timeout(30):
            while (ready := await callers[ORIGIN].ready_or_none()) is None or not writes_no_further(ready):
                # The other regions have applied higher places of this log than these events get. That acknowledges
                # nothing.
                statuses.append((await callers[ORIGIN].register(level="all_regions", timeout_seconds=1)).status)
        assert 201 not in statuses
        assert ready["status"] == "waiting"
        end = await last_sequence(region.nats_url, ORIGIN)
        refused = await callers[ORIGIN].register()
        assert refused.status == 503
        assert await last_sequence(region.nats_url, ORIGIN) == end
        for name in OTHERS:
            assert (await callers[name].register()).status == 201


def writes_no_further(ready: dict[str, Any]) -> bool:
    """Whether the service itself, and not only a replicator, reports that an operator must look at its log."""
    return ORIGIN in ready["halted"] and any("look at this region's log" in reason for reason in ready["waiting_for"])
