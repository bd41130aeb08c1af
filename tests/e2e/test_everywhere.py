"""`all_regions` means all regions, at once."""

import asyncio

import pytest

from deploy.local import local_regions
from tests.e2e.callers import Told, calling_all
from tests.e2e.evidence import check, check_told, settled

REGIONS = 3
EACH = 250
"""Writes in a region."""

IN_FLIGHT = 16
"""Concurrent requests to a region. The links between the regions run in this event loop too, and share it fairly."""


@pytest.mark.long
async def test_after_a_201_for_all_regions_every_region_shows_it_at_once() -> None:
    told: list[Told] = []
    async with local_regions(regions=REGIONS) as demo, calling_all(demo) as callers:
        places = {region: asyncio.Semaphore(IN_FLIGHT) for region in callers}

        async def register_and_look(region: str) -> list[str]:
            async with places[region]:
                one = await callers[region].register(level="all_regions", timeout_seconds=120)
                assert one.status == 201, one
                told.append(one)
                return await asyncio.gather(*(caller.why_not_shown(one.webhook_id) for caller in callers.values()))

        seen = await asyncio.gather(*(register_and_look(region) for region in callers for _ in range(EACH)))
        assert [why_not for answers in seen for why_not in answers if why_not] == []
        evidence = await settled(demo)
        check(evidence)
        assert check_told(evidence, told) == {201: EACH * REGIONS}
