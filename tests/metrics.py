"""Reads of `/metrics`: those of the same second get the same text."""

import asyncio
from time import monotonic


async def next_second() -> None:
    """Return once the next second of the machine's monotonic clock has begun. All processes have that clock."""
    begins = int(monotonic()) + 1
    while (left := begins - monotonic()) > 0:
        await asyncio.sleep(left)
