"""Notices that a connection is dead: its server has sent nothing for a while, and does not answer a ping either."""

import asyncio
import random
from time import monotonic

from nats.aio.client import Client

POLL_SECONDS = 0.25
SILENT_SECONDS = 1.0
"""The time without a message after which the server is asked. A server that sends is alive without a ping."""

PONG_SECONDS = 2

_PHASE_SECONDS = random.uniform(0, POLL_SECONDS)  # noqa: S311 - no secret
"""Each process wakes up once for all of its connections, and processes wake up at different times."""


class Liveness:
    """Whether the server of `client` is there, as far as is known. `client` itself sends no pings."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._messages = 0
        self._heard_at = monotonic()
        self._asking: asyncio.Task[None] | None = None
        self.is_silent = False
        """Whether the server did not answer a ping within `PONG_SECONDS`."""

    async def pause(self, *ends: "asyncio.Future[None]") -> None:
        """Return at the next time to look, or once one of `ends` is done."""
        late_seconds = (asyncio.get_running_loop().time() + _PHASE_SECONDS) % POLL_SECONDS
        await asyncio.wait(ends, timeout=POLL_SECONDS - late_seconds, return_when=asyncio.FIRST_COMPLETED)

    def look(self) -> None:
        """Ping the server if it has been silent. Several messages count like one."""
        messages, now = self._client.stats["in_msgs"], monotonic()
        if messages != self._messages:
            self._messages, self._heard_at = messages, now
        elif now >= self._heard_at + SILENT_SECONDS and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._ask())

    async def end(self) -> None:
        """Leave no ping behind that waits for its answer."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _ask(self) -> None:
        try:
            await self._client.flush(timeout=PONG_SECONDS)
        except Exception:  # noqa: BLE001 - a client that ends may be in any state
            self.is_silent = True
        else:
            self._heard_at = monotonic()
