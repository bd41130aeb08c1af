"""One step's work for one origin, lived again and again."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog

from adapters.errors import Interrupted
from core.positions import Region
from replicator.retry_policy import DOUBT_SECONDS, HALT_RECHECK_SECONDS, RETRY_SECONDS, Halt, Retry, verdict
from replicator.status import Status, Step

log = structlog.get_logger()

CANCEL_AGAIN_SECONDS = 0.5
LONG_LIFE_SECONDS = 1.0
"""A life that lasts so long has worked. One that fails sooner, after others that did, is not begun again at once."""


class Persistence:
    """Runs `life` until it returns: again at once after a doubt, a moment after a failure, later after a halt."""

    def __init__(
        self, life: Callable[[], Coroutine[Any, Any, None]], *, step: Step, origin: Region, status: Status
    ) -> None:
        self._life = life
        self._step = step
        self._origin = origin
        self._status = status
        self._restarted = asyncio.Event()
        self._begun_at = 0.0
        self._short_lives = 0

    def restart(self) -> None:
        """Begin a new life at once: the present one is cancelled, the present pause ends."""
        self._restarted.set()

    async def run(self) -> None:
        """Return once a life has returned. Cancelled, it leaves nothing running."""
        while (pause := await self._live()) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._restarted.wait()

    async def _live(self) -> float | None:
        """One life. Returns how many seconds to pause after it, None if it needs no other."""
        self._restarted.clear()
        self._begun_at = monotonic()
        life = asyncio.create_task(self._life())
        restarted = asyncio.create_task(self._restarted.wait())
        try:
            await asyncio.wait({life, restarted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(life, restarted)
        if life.cancelled():
            return self._fail(Interrupted("begun anew"))
        error = life.exception()
        if error is None:
            self._status.progressed(self._step, self._origin)
            return None
        if not isinstance(error, Exception):
            raise error
        return self._fail(error)

    def _fail(self, error: Exception) -> float:
        match verdict(error):
            case Retry() as retry:
                self._status.waiting(self._step, self._origin, reason=retry.reason, why=retry.why)
                return max(retry.after_seconds, self._pause_again())
            case Halt() as halt:
                is_news = self._status.halt(self._step, self._origin, halt)
                if is_news and halt.reason == "unexpected":
                    log.error("unexpected", step=self._step, origin=self._origin, exc_info=error)
                return HALT_RECHECK_SECONDS

    def _pause_again(self) -> float:
        """How long to pause because of what failed before: what fails again and again is tried less and less often."""
        self._short_lives = self._short_lives + 1 if monotonic() < self._begun_at + LONG_LIFE_SECONDS else 0
        return min(DOUBT_SECONDS * 2.0 ** min(self._short_lives, 10), RETRY_SECONDS) if self._short_lives else 0.0


async def _end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel, and again if need be: before Python 3.12 `asyncio.wait_for`, which libraries use, can lose one."""
    for task in tasks:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
