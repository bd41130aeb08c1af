"""Start again each process of a region that dies, and give up on a process that keeps dying."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable

from deploy.local.errors import KeepsDying, ProcessDied
from deploy.local.regions import LocalRegions

_POLL_SECONDS = 0.1
_DEATHS_MAX = 5
_DEATHS_WITHIN_SECONDS = 60.0


async def supervise(regions: LocalRegions, *, report: Callable[[ProcessDied], None]) -> None:
    """Until cancelled, report each process that ends to `report`, and start it again.

    Raises `KeepsDying` if a process ends five times within a minute.
    """
    deaths: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_DEATHS_MAX))
    while True:
        for process in regions.processes:
            try:
                process.check_running()
            except ProcessDied as death:
                report(death)
                times = deaths[process.name]
                times.append(time.monotonic())
                if len(times) == _DEATHS_MAX and times[-1] - times[0] < _DEATHS_WITHIN_SECONDS:
                    raise KeepsDying(
                        name=process.name, times=_DEATHS_MAX, seconds=_DEATHS_WITHIN_SECONDS, last=death
                    ) from death
                await process.start()
        await asyncio.sleep(_POLL_SECONDS)
