"""The events that the tests of logs append, and functions that read them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import nats
from nats.aio.client import Client

from adapters.batches import BATCH_EVENTS_MAX
from adapters.errors import Unavailable
from adapters.event_log import Append, Entry, EventLog
from adapters.follower import Follower, Stored
from core.codec import fingerprint
from core.positions import BEGINNING, Epoch, Mark, Region, Sequence
from deploy.local import LocalRegion


def entry(origin: Region, epoch: Epoch, number: int, *, size: int = 0) -> Entry:
    return Entry(f"events.{origin}.{epoch}.webhook_created.v1", f"event {number}".encode() + b"." * size)


def entries(origin: Region, epoch: Epoch, numbers: Iterable[int], *, size: int = 0) -> list[Entry]:
    return [entry(origin, epoch, number, size=size) for number in numbers]


async def filled(log: EventLog, epoch: Epoch, count: int, *, size: int = 0) -> list[Mark]:
    """Append events 1 to `count`. Returns the mark of each, `BEGINNING` first."""
    added = entries(log.origin, epoch, range(1, count + 1), size=size)
    for start in range(0, count, BATCH_EVENTS_MAX):
        outcome = await log.append(added[start : start + BATCH_EVENTS_MAX], after=Sequence(start))
        assert outcome == (Append.STORED, "")
    return [BEGINNING, *(mark(epoch, number, one) for number, one in enumerate(added, start=1))]


def mark(epoch: Epoch, sequence: int, entry: Entry) -> Mark:
    return Mark(epoch, Sequence(sequence), fingerprint(entry.subject, entry.data))


async def events(follower: Follower, count: int) -> list[Stored]:
    """The next `count` events, which must be all that arrived."""
    found: list[Stored] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found += await follower.next()
    assert len(found) == count
    return found


async def everything(log: EventLog) -> list[Stored]:
    """Every event of a log, read from its beginning."""
    count = (await log.describe()).last_sequence
    async with log.follow(BEGINNING) as follower:
        return await events(follower, count)


async def until(holds: Callable[[], bool | Awaitable[bool]], *, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def paused(region: LocalRegion) -> AsyncIterator[None]:
    region.nats.pause()
    try:
        yield
    finally:
        region.nats.resume()


@asynccontextmanager
async def administrator(region: LocalRegion) -> AsyncIterator[Client]:
    """A client that may do to a stream what a disk or an operator can."""
    client = await nats.connect(region.nats_url)
    try:
        yield client
    finally:
        await client.close()


async def answers(log: EventLog) -> bool:
    try:
        await log.describe()
    except Unavailable:
        return False
    return True
