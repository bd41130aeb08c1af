"""A follower that hears nothing, or an event out of sequence, returns nothing and raises an error."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.aio.msg import Msg

from adapters import follower as follower_module
from adapters.errors import EpochChanged, Interrupted, Unavailable
from adapters.event_log import Entry, EventLog
from adapters.follower import SILENCE_SECONDS, Follower
from adapters.log_info import LogInfo
from adapters.session import Session
from core.positions import BEGINNING, Epoch, Mark, Region, Sequence
from core.subjects import stream_of
from deploy.local import LocalRegion
from tests.integration.adapters.logs import administrator, entry, filled, mark


@pytest.mark.parametrize("sequence", [1, 3, 5, 99])
async def test_an_event_out_of_sequence_interrupts_the_follower_and_is_not_returned(
    session: Session, log: EventLog, epoch: Epoch, sequence: int
) -> None:
    """A server delivers this if its consumer lost or repeated something."""
    marks = await filled(log, epoch, 3)
    async with asyncio.timeout(5), log.follow(marks[3]) as follower:
        follower.on_message(delivered(session, log, sequence, entry(log.origin, epoch, sequence)))
        with pytest.raises(Interrupted, match=f"message {sequence} came after 3"):
            await follower.next()


async def test_an_event_of_another_epoch_within_a_log_is_not_returned(
    session: Session, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    async with asyncio.timeout(5), log.follow(marks[3]) as follower:
        follower.on_message(delivered(session, log, 4, entry(log.origin, Epoch("another"), 4)))
        with pytest.raises(EpochChanged, match="the log has epoch another"):
            await follower.next()


def delivered(session: Session, log: EventLog, sequence: int, entry: Entry) -> Msg:
    reply = f"$JS.ACK.{stream_of(log.origin)}.consumer.1.{sequence}.1.1.0"
    return Msg(_client=session.client, subject=entry.subject, reply=reply, data=entry.data)


async def test_a_follower_that_hears_nothing_is_interrupted_within_its_bound(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    """Its consumer is gone without any message: only the heartbeat is missing."""
    marks = await filled(log, epoch, 1)
    loop = asyncio.get_running_loop()
    async with administrator(region) as client, log.follow(marks[1]) as follower:
        for consumer in await client.jetstream().consumers_info(stream_of(log.origin)):
            await client.jetstream().delete_consumer(stream_of(log.origin), consumer.name)
        begin = loop.time()
        with pytest.raises(Interrupted, match=r"nothing heard for 2\.5 s"):
            await follower.next()
        assert SILENCE_SECONDS <= loop.time() - begin < SILENCE_SECONDS + 10


@asynccontextmanager
async def living(
    session: Session, origin: Region, *, known: Mark, end: int | None, created: str = ""
) -> AsyncIterator[Follower]:
    """A follower of a live server that delivers nothing. Its log ends at `end`; None: the end is unknown."""

    async def describe() -> LogInfo:
        if end is None:
            raise Unavailable("there is an election")
        return LogInfo(epoch=known.epoch, last_sequence=Sequence(end), created=created)

    async def beat() -> None:
        while True:
            follower.on_message(Msg(_client=session.client, headers={"Status": "100"}))
            await asyncio.sleep(0.2)

    follower = Follower(session, origin, known=known, describe=describe)
    beating = asyncio.create_task(beat())
    try:
        yield follower
    finally:
        beating.cancel()
        follower.close()


@pytest.mark.usefixtures("soon_in_doubt")
async def test_a_follower_whose_known_event_is_not_delivered_again_is_interrupted_though_its_server_lives(
    session: Session, origin: Region, epoch: Epoch
) -> None:
    """This happens with a server whose replica of the log is behind."""
    known = mark(epoch, 3, entry(origin, epoch, 3))
    async with asyncio.timeout(5), living(session, origin, known=known, end=3) as follower:
        with pytest.raises(Interrupted, match=r"message 3 was not delivered again within 1\.5 s"):
            await follower.resume()


async def test_a_follower_that_receives_nothing_though_there_is_more_is_interrupted(
    session: Session, origin: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This happens with a server that is cut off from the others that keep the log."""
    monkeypatch.setattr(follower_module, "QUIET_SECONDS", 0.5)
    async with asyncio.timeout(5), living(session, origin, known=BEGINNING, end=5) as follower:
        with pytest.raises(Interrupted, match="nothing after 0 is delivered, and there is 5"):
            await follower.next()


async def test_a_follower_whose_log_was_restored_meanwhile_is_interrupted(
    session: Session, origin: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its epoch and its end are the same as before."""
    monkeypatch.setattr(follower_module, "QUIET_SECONDS", 0.2)
    restored = "2026-11-29T10:59:02Z"
    async with asyncio.timeout(5), living(session, origin, known=BEGINNING, end=0, created=restored) as follower:
        with pytest.raises(Interrupted, match=f"the log was restored or made anew at {restored}"):
            await follower.next()


@pytest.mark.parametrize("end", [0, None])
async def test_a_follower_that_receives_nothing_because_there_is_no_more_is_not_interrupted(
    session: Session, origin: Region, end: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "QUIET_SECONDS", 0.2)
    async with living(session, origin, known=BEGINNING, end=end) as follower:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await follower.next()


@pytest.mark.usefixtures("soon_in_doubt")
async def test_a_quiet_log_does_not_interrupt_its_follower(log: EventLog, epoch: Epoch) -> None:
    marks = await filled(log, epoch, 1)
    async with log.follow(marks[1]) as follower:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.2):
                await follower.next()
