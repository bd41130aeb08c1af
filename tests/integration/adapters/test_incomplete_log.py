"""A log that lacks events which it had is an alarm to every reader, for any cause."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters import follower as follower_module
from adapters.connection import Connection, open_connection
from adapters.errors import Incomplete, Interrupted
from adapters.event_log import EventLog
from adapters.follower import Stored
from adapters.log_info import metadata_of
from core.positions import BEGINNING, Epoch, Mark, Region, Sequence
from core.subjects import stream_of, subjects_of
from deploy.local import LocalRegion
from tests.integration.adapters.logs import administrator, filled

COUNT = 4


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch, soon_in_doubt: None) -> None:  # noqa: ARG001
    monkeypatch.setattr(follower_module, "QUIET_SECONDS", 0.2)


async def read_on(log: EventLog, known: Mark, *, into: list[Stored]) -> None:
    """Read the events after `known` until an error."""
    async with log.follow(known) as follower:
        while True:
            into += await follower.next()


@asynccontextmanager
async def damaged(region: LocalRegion, log: EventLog, number: int, *, is_killed: bool) -> AsyncIterator[EventLog]:
    """The log after one bit of event `number` flipped on its server's disk. The server was killed or stopped."""
    await (region.nats.kill() if is_killed else region.nats.stop())
    (block,) = region.nats.directory.rglob(f"{stream_of(log.origin)}/msgs/1.blk")
    content = bytearray(block.read_bytes())
    content[content.index(f"event {number}".encode())] ^= 1
    block.write_bytes(content)
    await region.nats.restart()
    async with open_connection([region.nats_url], name="a test") as connection, asyncio.timeout(20):
        await connection.session()
        yield EventLog(connection, log.origin)


async def test_a_reader_across_an_event_damaged_while_its_server_was_stopped_detects_the_gap(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    """The server does not report it, counts it, and delivers the events before and after it."""
    await filled(log, epoch, COUNT)
    async with damaged(region, log, 3, is_killed=False) as reread:
        info = await reread.describe()
        assert (info.last_sequence, info.flaw) == (COUNT, "")
        read: list[Stored] = []
        with pytest.raises(Incomplete, match="the log is incomplete: it ends at 4 and has no message 3"):
            await read_on(reread, BEGINNING, into=read)
        assert [event.sequence for event in read] == [1, 2]


@pytest.mark.parametrize("known", [COUNT - 1, COUNT])
async def test_a_damaged_last_event_is_detected_by_readers_that_wait_for_it_and_that_had_it(
    region: LocalRegion, log: EventLog, epoch: Epoch, known: int
) -> None:
    marks = await filled(log, epoch, COUNT)
    async with damaged(region, log, COUNT, is_killed=False) as reread:
        with pytest.raises(Incomplete, match="it ends at 4 and has no message 4"):
            await reread.end()
        with pytest.raises(Incomplete, match="it ends at 4 and has no message 4"):
            await read_on(reread, marks[known], into=[])


async def test_damage_that_a_killed_server_found_is_an_alarm_until_its_next_start(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    """It assigns the sequences of the lost events again."""
    marks = await filled(log, epoch, COUNT)
    async with damaged(region, log, 3, is_killed=True) as reread:
        assert (await reread.describe()).last_sequence == 2
        for known in (BEGINNING, marks[2]):
            with pytest.raises(Incomplete, match=r"its server found \d+ bytes of it damaged and cut them off"):
                async with reread.follow(known):
                    pytest.fail("it is followed")


@asynccontextmanager
async def made_by_hand(region: LocalRegion, connection: Connection, origin: Region) -> AsyncIterator[Any]:
    """A log that an administrator made without its guards, and a function that calls JetStream's API."""
    async with administrator(region) as client:

        async def api(subject: str, **body: object) -> None:
            answer = await client.request(f"$JS.API.{subject}.{stream_of(origin)}", json.dumps(body).encode())
            assert "error" not in json.loads(answer.data), answer.data

        epoch = Epoch("byhand")
        config = {"name": stream_of(origin), "subjects": [subjects_of(origin, epoch)], "allow_atomic": True}
        await api("STREAM.CREATE", **config, metadata=metadata_of(origin, epoch, ()))
        await filled(EventLog(connection, origin), epoch, COUNT)
        yield api


async def test_no_reader_follows_a_log_from_which_an_event_was_deleted(
    region: LocalRegion, connection: Connection, origin: Region
) -> None:
    async with made_by_hand(region, connection, origin) as api:
        await api("STREAM.MSG.DELETE", seq=2)
    with pytest.raises(Incomplete, match="a copy of it is incomplete: it has 3 of 4 messages"):
        async with EventLog(connection, origin, name="a copy of it").follow(BEGINNING):
            pytest.fail("it is followed")


@pytest.mark.parametrize("begins", [3, COUNT + 1])
async def test_no_reader_follows_a_log_whose_beginning_was_purged(
    region: LocalRegion, connection: Connection, origin: Region, begins: int
) -> None:
    async with made_by_hand(region, connection, origin) as api:
        await api("STREAM.PURGE", seq=begins)
    with pytest.raises(Incomplete, match=f"it begins at message {begins}"):
        async with EventLog(connection, origin).follow(BEGINNING):
            pytest.fail("it is followed")


async def test_a_follower_that_suspects_a_lack_of_an_existing_event_continues(log: EventLog, epoch: Epoch) -> None:
    marks = await filled(log, epoch, COUNT)
    with pytest.raises(Interrupted, match="a doubt"):
        async with log.follow(marks[2]):
            raise Interrupted("a doubt", missing=Sequence(3))
    with pytest.raises(Interrupted, match="a doubt"):
        async with log.follow(marks[2]):
            raise Interrupted("a doubt", missing=Sequence(COUNT + 1))


async def test_a_log_made_anew_with_the_same_epoch_is_recognized_by_its_creation_time(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    """This is so after a restore from a snapshot."""
    before = await log.describe()
    async with administrator(region) as client:
        await client.jetstream().delete_stream(stream_of(log.origin))
    await log.create(epoch, replicas=1)
    again = await log.describe()
    assert again.epoch == before.epoch
    assert again.created > before.created
