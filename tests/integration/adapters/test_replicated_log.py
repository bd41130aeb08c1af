"""A log on three servers, whose leaders are killed and paused. It keeps every promise of a log on one server."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio

from adapters import jetstream
from adapters.connection import Connection, open_connection
from adapters.errors import Interrupted, Unavailable, WentBack
from adapters.event_log import Append, Entry, EventLog
from core.positions import BEGINNING, Epoch, Mark, Region, Sequence
from deploy.local import LocalRegion, ServerProcess, local_regions
from deploy.nats.accounts import LOG_OPERATOR
from tests.integration.adapters.logs import entries, entry, everything, filled, mark, until
from tests.several_servers import WHOLE_SECONDS_MAX, leader_of, until_whole

SERVERS = 3
ROUNDS_SECONDS_MAX = 300.0
PAUSED_SECONDS = 8.0
"""So long that the others have elected another leader, unless an election failed."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def region() -> AsyncIterator[LocalRegion]:
    """Three servers, without a service or a replicator."""
    async with local_regions(regions=1, services=0, replicators=0, nats_servers=SERVERS) as demo:
        await until_whole(demo.region("us-iowa"))
        yield demo.region("us-iowa")


@pytest.fixture
async def connection(region: LocalRegion) -> AsyncIterator[Connection]:
    async with open_connection(addresses(region), name="a test") as connection:
        await connection.session()
        yield connection


@pytest.fixture
async def log(connection: Connection, origin: Region, epoch: Epoch) -> EventLog:
    """A new, empty log that accepts events: after the previous test the servers may have no leader yet to create it."""
    log = EventLog(connection, origin)
    await until(lambda: is_made(log, epoch), seconds=WHOLE_SECONDS_MAX)
    return log


def addresses(region: LocalRegion) -> list[str]:
    return [region.nats_url_as(LOG_OPERATOR, server=index) for index in range(SERVERS)]


async def is_made(log: EventLog, epoch: Epoch) -> bool:
    with suppress(Unavailable):
        await log.create(epoch, replicas=SERVERS)
        await log.describe()
        outcome, _ = await log.append([entry(log.origin, epoch, 0)], after=Sequence(99))
        return outcome is Append.PLACE_TAKEN
    return False


class Writer:
    """Writes as a service does: one batch in flight, appended at its place until its outcome is known."""

    def __init__(self, name: int, log: EventLog, epoch: Epoch) -> None:
        self._numbers = iter(range(name * 1_000_000, (name + 1) * 1_000_000))
        self._log = log
        self._epoch = epoch
        self.stored: dict[int, Entry] = {}
        """Sequence -> the data there."""
        self.never: dict[Entry, str] = {}
        """The data that must never be in the log -> why it is not."""

    async def write(self) -> None:
        after = 0
        while True:
            batch = entries(self._log.origin, self._epoch, [next(self._numbers) for _ in range(random.choice((1, 12)))])
            why_not = await self._place(batch, after=after)
            if not why_not:
                self.stored |= dict(enumerate(batch, start=after + 1))
                after += len(batch)
            else:
                self.never |= dict.fromkeys(batch, why_not)
                after = await self._end()

    async def _place(self, batch: list[Entry], *, after: int) -> str:
        """Why `batch` is not in the log, once its outcome is decided; `""` if it is."""
        is_open = False
        while True:
            outcome, why = await self._log.append(batch, after=Sequence(after))
            if outcome is Append.STORED:
                return ""
            why_not = f"{outcome.name} after {after}, of {len(batch)}, {is_open=}: {why}"
            if outcome in (Append.PLACE_TAKEN, Append.REFUSED) and not is_open:
                return why_not
            is_open = True
            with suppress(Unavailable):
                found = await self._log.event_at(Sequence(after + 1))
                if outcome is Append.PLACE_TAKEN and found is not None:
                    return "" if found.data == batch[0].data else f"{why_not}; there is {found.data!r}"
            await asyncio.sleep(0.05)

    async def _end(self) -> int:
        while True:
            with suppress(Unavailable):
                return (await self._log.describe()).last_sequence
            await asyncio.sleep(0.05)


class Reader:
    """Reads as a replicator does: always on from the last event that it has."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.known = BEGINNING
        self.read: list[Entry] = []

    async def follow(self) -> None:
        while True:
            with suppress(Interrupted, Unavailable):
                async with self._log.follow(self.known) as follower:
                    while True:
                        for event in await follower.next():
                            self.read.append(Entry(event.subject, event.data))
                            self.known = event.mark()
            await asyncio.sleep(0.05)


@pytest.mark.long
async def test_while_leaders_change_every_append_is_at_its_place_once_or_never_and_every_reader_sees_it(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    async with open_connection(addresses(region), name="a rival") as other:
        await other.session()
        writers = [Writer(1, log, epoch), Writer(2, EventLog(other, log.origin), epoch)]
        reader = Reader(EventLog(other, log.origin))

        def stored_max() -> int:
            return max((0, *(max(writer.stored, default=0) for writer in writers)))

        async def look() -> None:
            while True:
                with suppress(Unavailable):
                    before = stored_max()
                    assert (await log.ascertain()).last_sequence >= before
                await asyncio.sleep(0.05)

        async with asyncio.timeout(ROUNDS_SECONDS_MAX), asyncio.TaskGroup() as group:
            working = [group.create_task(work) for work in (*(one.write() for one in writers), reader.follow(), look())]
            for disturb in (killed, stopped, paused) * 2:
                enough = stored_max() + 50
                await disturb(await leader_of(region, log.origin))
                await until_whole(region)
                async with asyncio.timeout(WHOLE_SECONDS_MAX):
                    while stored_max() < enough:
                        await asyncio.sleep(0.01)
            for work in working[:2]:
                work.cancel()
            # What was in flight may still land.
            await asyncio.sleep(jetstream.API_TIMEOUT_SECONDS)
            end = await log.end()
            await until(lambda: reader.known == end, seconds=30)
            for work in working[2:]:
                work.cancel()
    there = [Entry(event.subject, event.data) for event in await everything(log)]
    assert len(set(there)) == len(there), "an event is in the log twice"
    for writer in writers:
        assert {sequence: there[sequence - 1] for sequence in writer.stored} == writer.stored
        assert not set(writer.never) & set(there)
    assert reader.read == there
    assert len(there) > 300
    print(f"{len(there)} events, {sum(len(writer.never) for writer in writers)} never landed")


async def killed(leader: ServerProcess) -> None:
    await leader.kill()
    await asyncio.sleep(1)
    await leader.start()


async def stopped(leader: ServerProcess) -> None:
    await leader.stop()
    await leader.start()


async def paused(leader: ServerProcess) -> None:
    leader.pause()
    await asyncio.sleep(PAUSED_SECONDS)
    leader.resume()


@pytest.mark.long
async def test_a_leader_that_is_cut_off_is_not_believed_about_the_end_of_the_log(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    leader = await leader_of(region, log.origin)
    others = [server for server in region.nats_servers if server is not leader]
    address = addresses(region)[region.nats_servers.index(leader)]
    async with open_connection([address], name="of the leader") as connection:
        await connection.session()
        alone = EventLog(connection, log.origin)
        assert (await alone.ascertain()).last_sequence == 3
        for server in others:
            server.pause()
        try:
            assert (await alone.describe()).last_sequence == 3
            with pytest.raises(Unavailable, match="hears nothing from a majority"):
                await alone.ascertain()
            with pytest.raises(Unavailable):
                async with alone.follow(Mark(epoch, Sequence(4), "of an event that only the others have")):
                    pytest.fail("it must not resume")
        finally:
            for server in others:
                server.resume()
    await until_whole(region)
    assert await log.end() == marks[3]


@pytest.mark.long
async def test_a_log_that_really_ends_before_the_known_event_went_back(log: EventLog, epoch: Epoch) -> None:
    await filled(log, epoch, 3)
    with pytest.raises(WentBack, match="the log ends at 3, before message 4 that was read from it"):
        async with log.follow(mark(epoch, 4, entry(log.origin, epoch, 4))):
            pytest.fail("it must not resume")


@pytest.mark.long
async def test_servers_that_all_restart_report_nothing_of_a_log_before_they_know_it(
    region: LocalRegion, connection: Connection, log: EventLog, epoch: Epoch
) -> None:
    """They report neither that it is missing, which might create it anew, nor that it ends earlier."""
    marks = await filled(log, epoch, 3)
    for server in region.nats_servers:
        await server.kill()
    for server in region.nats_servers:
        await server.start()
    said: list[int] = []
    async with asyncio.timeout(WHOLE_SECONDS_MAX):
        while not said:
            with suppress(Unavailable):
                said.append((await log.describe()).last_sequence)
                async with log.follow(marks[3]):
                    pass
            await asyncio.sleep(0.01)
    assert said == [3]
    assert connection.is_connected
    await until_whole(region)
