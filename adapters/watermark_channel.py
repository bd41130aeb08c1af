"""The channel on which a region's Redis publishes each watermark that is applied, to its services only (ADR 28)."""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from redis.asyncio import Connection
from redis.exceptions import NoPermissionError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from adapters.projection_state import mark_of
from adapters.redis_calls import in_words
from adapters.redis_pool import REDIAL_SECONDS, Pool
from core.positions import Mark, Region

CHANNELS = "crosshook:watermarks:*"
"""The channels of all regions. Databases of one Redis share its channels, so a channel is named after its region."""

MAY_PUBLISH = f"+publish &{CHANNELS}"
MAY_SUBSCRIBE = f"+subscribe &{CHANNELS}"
"""What the Redis users of replicators and services are granted for these channels."""

SILENCE_SECONDS = 1.0
"""How long the connection may be silent before Redis is asked whether it is there."""

ANSWER_SECONDS = 3.0
"""How long Redis may take to answer that, or to subscribe. Announcements take the place of what is missed meanwhile."""


class Published(NamedTuple):
    """The watermark of `origin` that was applied to the projection in `incarnation`."""

    incarnation: str
    origin: Region
    mark: Mark


def channel_of(region: Region) -> str:
    """The channel of one region's Redis."""
    return CHANNELS.replace("*", region)


class WatermarkSubscription:
    """Listens over one connection of `pool`. It is dialled anew with all others, such as after a fail-over."""

    def __init__(self, pool: Pool, region: Region) -> None:
        self._pool = pool
        self._channel = channel_of(region)

    async def keep(self, heard: Callable[[Published], None], on_change: Callable[[str | None], None]) -> None:
        """Call `heard` with each watermark, on one connection after the other, until cancelled.

        Watermarks that are published between two connections are lost: announcements repeat them. `on_change` gets None
        for a new subscription, else the reason why there is none.
        """
        while True:
            try:
                await self._listen(heard, on_change)
            except (RedisError, OSError) as error:
                on_change(_why_not(error))
            await asyncio.sleep(REDIAL_SECONDS)

    async def _listen(self, heard: Callable[[Published], None], on_change: Callable[[str | None], None]) -> None:
        """Listen until the connection is lost, silent or to be dialled anew."""
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.send_command("SUBSCRIBE", self._channel, check_health=False)
            while not connection.should_reconnect():
                if not await _hear(connection, heard, on_change):
                    raise RedisTimeoutError("no answer to a ping")
                await connection.send_command("PING", check_health=False)
        finally:
            # A connection that has subscribed can do nothing else.
            await connection.disconnect(nowait=True)
            await self._pool.release(connection)


async def _hear(
    connection: Connection, heard: Callable[[Published], None], on_change: Callable[[str | None], None]
) -> bool:
    """Process messages until there is none for `SILENCE_SECONDS`. Returns whether any came within `ANSWER_SECONDS`."""
    is_any, loop = False, asyncio.get_running_loop()
    with suppress(TimeoutError):
        # One time-out that is put off costs less than one for each message.
        async with asyncio.timeout(ANSWER_SECONDS) as silence:
            while not connection.should_reconnect():  # type: ignore[no-untyped-call]
                message = await connection.read_response(timeout=math.inf, disconnect_on_error=False)
                is_any = True
                silence.reschedule(loop.time() + SILENCE_SECONDS)
                match message:
                    case ["message", _, str(text)] if (published := _published(text)) is not None:
                        heard(published)
                    case ["subscribe", *_]:
                        on_change(None)
                    case _:
                        pass  # The answer to a ping, or nothing that this version knows.
    return is_any


def _published(text: str) -> Published | None:
    """The watermark in a message; None if it is no watermark. A newer version may append words."""
    try:
        incarnation, origin, epoch, sequence, fingerprint, extra, *_ = text.split(" ")
        return Published(incarnation, Region(origin), mark_of(epoch, int(sequence), fingerprint, extra=int(extra)))
    except ValueError:
        return None


def _why_not(error: Exception) -> str:
    why = in_words(error)
    return f"{why}; grant the Redis user {MAY_SUBSCRIBE}" if isinstance(error, NoPermissionError) else why
