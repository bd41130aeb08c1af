"""Read where every origin's log ends and what every region has applied, from each region's NATS."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from ssl import SSLContext

from adapters.addresses import Tls
from adapters.announcements import Announcement, listen
from adapters.connection import Connection, open_connection
from adapters.errors import LogMissing, Unavailable
from adapters.event_log import EventLog
from cli.lag.cells import Applied, End, Snapshot, oldest_unapplied
from cli.lag.hearing import Hearing
from core.positions import Position, Region
from core.topology import RegionConfig

COMPLETE_SECONDS_MAX = 2.0
"""How long the first look waits: a second to connect, which takes three round trips, and a second to hear."""

ANSWER_SECONDS_MAX = 1.0
_LISTEN_AGAIN_SECONDS = 0.25


class LagReader:
    """Connections to every region's NATS, and what was heard on them."""

    def __init__(self) -> None:
        self._connections: dict[Region, Connection] = {}
        self._why_not: dict[Region, str] = {}
        self._hearing = Hearing()
        self._news = asyncio.Event()

    async def wait_complete(self) -> None:
        """Return once every region is connected and was heard, or after `COMPLETE_SECONDS_MAX`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(COMPLETE_SECONDS_MAX):
                while not all(map(self._is_complete, self._connections)):
                    self._news.clear()
                    await self._news.wait()

    async def snapshot(self, *, cut: frozenset[Region] = frozenset()) -> Snapshot:
        """What is known now. Takes at most twice `ANSWER_SECONDS_MAX`."""
        found = dict(zip(self._connections, await asyncio.gather(*map(self._end, self._connections)), strict=True))
        now = time.monotonic()
        heard = {region: self._hearing.applied(region, now_seconds=now) for region in self._connections}
        ends = {region: end for region, end in found.items() if isinstance(end, End)}
        applied = {region: state for region, state in heard.items() if isinstance(state, Applied)}
        silent = {
            region: self._hearing.silence(region, now_seconds=now) for region in self._connections.keys() - applied
        }
        unknown = silent | {region: why for region, why in found.items() if isinstance(why, str)}
        regions = tuple(self._connections)
        first = Snapshot(regions=regions, ends=ends, applied=applied)
        return Snapshot(
            regions=regions,
            ends=ends,
            applied=applied,
            unknown=unknown,
            cut=cut,
            stored_at_seconds=await self._stored_at(list(oldest_unapplied(first))),
            now_seconds=time.time(),
        )

    def add(self, region: Region, connection: Connection) -> None:
        """Read from `region` as well."""
        self._connections[region] = connection

    def changed(self, region: Region, why_not: str | None) -> None:
        """Remember why there is no connection, or that there is one."""
        self._why_not[region] = (why_not or "").rstrip(": ")  # An error can be without words.
        self._news.set()

    async def hear(self, connection: Connection) -> None:
        """Listen to what is announced at the other end, session after session, until cancelled."""
        while True:
            session = await connection.session()
            with suppress(Unavailable):
                await listen(session, self._take)
                await session.wait_lost()
            await asyncio.sleep(_LISTEN_AGAIN_SECONDS)

    def _take(self, announcement: Announcement) -> None:
        self._hearing.take(announcement, now_seconds=time.monotonic())
        self._news.set()

    def _is_complete(self, region: Region) -> bool:
        is_heard = self._hearing.applied(region, now_seconds=time.monotonic()) is not None
        return is_heard and self._connections[region].is_connected

    async def _end(self, region: Region) -> End | str:
        """Where a region's own log ends, or why that is not known."""
        connection = self._connections[region]
        if not connection.is_connected:
            why = self._why_not.get(region)
            return f"its NATS is not reached ({why})" if why else "its NATS is not reached"
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                info = await EventLog(connection, region).describe()
        except LogMissing:
            return "it has no log"
        except (Unavailable, TimeoutError) as error:
            return f"its NATS does not answer{f' ({error})' if str(error) else ''}"
        return End(epoch=info.epoch, sequence=info.last_sequence, missing=info.missing)

    async def _stored_at(self, positions: Sequence[Position]) -> Mapping[Position, float]:
        found = await asyncio.gather(*map(self._seconds, positions))
        return {position: seconds for position, seconds in zip(positions, found, strict=True) if seconds is not None}

    async def _seconds(self, position: Position) -> float | None:
        log = EventLog(self._connections[position.origin], position.origin)
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                stored = await log.stored_at(position.sequence)
        except (LogMissing, Unavailable, TimeoutError):
            return None
        return datetime.fromisoformat(stored).timestamp()


@asynccontextmanager
async def open_lag_reader(regions: Mapping[Region, RegionConfig], *, tls: SSLContext) -> AsyncIterator[LagReader]:
    """A reader of the NATS of these regions, connected in the background while the context is open."""
    reader = LagReader()
    async with AsyncExitStack() as stack:
        for region, config in regions.items():
            opening = open_connection(
                config.nats,
                name="crosshook lag",
                tls=Tls(tls, config.tls_name),
                on_change=partial(reader.changed, region),
            )
            connection = await stack.enter_async_context(opening)
            reader.add(region, connection)
            hearing = asyncio.create_task(reader.hear(connection))
            stack.callback(hearing.cancel)
        yield reader
