"""The final state, according to the regions' logs and projections, and to readers in every region."""

import asyncio
from collections.abc import Iterable

from tests.containers.ways_in import WaysIn
from tests.e2e.callers import Caller, Told
from tests.e2e.evidence import check, check_told, settled

PATIENCE_SECONDS = 60.0


async def held_true(inside: WaysIn, told: Iterable[Told]) -> None:
    """In the end every region has everything, and every response was true."""
    evidence = await settled(inside, within_seconds=PATIENCE_SECONDS, connect=inside.connect)
    check(evidence)
    check_told(evidence, told)


async def becomes_readable(caller: Caller, *told: Told) -> None:
    """Return once a region shows all of these webhooks."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for one in told:
            while await caller.read_status(one.webhook_id) != 200:
                await asyncio.sleep(0.05)
