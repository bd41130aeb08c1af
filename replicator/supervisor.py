"""The restart loop of one step for one origin."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog

from adapters.errors import Interrupted
from core.positions import Region
from replicator.retry_policy import DOUBT_SECONDS, HALT_RECHECK_SECONDS, RETRY_SECONDS, Halt, Retry, retry_or_halt
from replicator.status import Status, Step

log = structlog.get_logger()

CANCEL_AGAIN_SECONDS = 0.5
LONG_RUN_SECONDS = 1.0
"""A run of this length has worked. After several shorter runs the pause before the next one grows."""


class Supervisor:
    """Runs `work` until it returns: again at once after a doubt, after a pause if it failed, later if it is halted."""

    def __init__(
        self, work: Callable[[], Coroutine[Any, Any, None]], *, step: Step, origin: Region, status: Status
    ) -> None:
        self._work = work
        self._step = step
        self._origin = origin
        self._status = status
        self._restarted = asyncio.Event()
        self._began_at = 0.0
        self._short_runs = 0

    def restart(self) -> None:
        """Run the work again at once: a present run is cancelled, and a present pause ends."""
        self._restarted.set()

    async def run(self) -> None:
        """Return once the work has returned. When cancelled, it leaves nothing running."""
        while (pause := await self._run_once()) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._restarted.wait()

    async def _run_once(self) -> float | None:
        """Run the work once. Returns the seconds to pause after it, or None if the work has returned."""
        self._restarted.clear()
        self._began_at = monotonic()
        work = asyncio.create_task(self._work())
        restarted = asyncio.create_task(self._restarted.wait())
        try:
            await asyncio.wait({work, restarted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(work, restarted)
        if work.cancelled():
            return self._fail(Interrupted("begun anew"))
        error = work.exception()
        if error is None:
            self._status.progressed(self._step, self._origin)
            return None
        if not isinstance(error, Exception):
            raise error
        return self._fail(error)

    def _fail(self, error: Exception) -> float:
        match retry_or_halt(error):
            case Retry() as retry:
                self._status.waiting(self._step, self._origin, reason=retry.reason, why=retry.why)
                return max(retry.after_seconds, self._pause_seconds())
            case Halt() as halt:
                is_news = self._status.halt(self._step, self._origin, halt)
                if is_news and halt.reason == "unexpected":
                    log.error("unexpected", step=self._step, origin=self._origin, exc_info=error)
                return HALT_RECHECK_SECONDS

    def _pause_seconds(self) -> float:
        """The pause because of earlier short runs. It doubles with each of them, up to `RETRY_SECONDS`."""
        self._short_runs = self._short_runs + 1 if monotonic() < self._began_at + LONG_RUN_SECONDS else 0
        return min(DOUBT_SECONDS * 2.0 ** min(self._short_runs, 10), RETRY_SECONDS) if self._short_runs else 0.0


async def _end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel the tasks, more than once if need be: before Python 3.12 `asyncio.wait_for` can lose a cancellation."""
    for task in tasks:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
