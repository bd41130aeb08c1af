"""Follows a log on a real server that is paused, killed and set back."""

import asyncio
from collections.abc import Callable
from time import time_ns

import pytest
from nats.aio.msg import Msg

from adapters.connection import Connection, open_connection
from adapters.errors import EpochChanged, Forked, Interrupted, LogMissing, LogVanished, Unavailable, WentBack
from adapters.event_log import Append, EventLog
from adapters.follower import Stored
from adapters.session import Session
from core.positions import BEGINNING, Epoch, Sequence
from core.subjects import stream_of
from deploy.local import LocalRegion
from tests.integration.adapters.logs import (
    administrator,
    answers,
    entries,
    entry,
    events,
    everything,
    filled,
    mark,
    until,
)


async def made_anew(region: LocalRegion, log: EventLog, epoch: Epoch, count: int, *, size: int = 0) -> None:
    """Delete the log, and create another one of `epoch` with `count` events in its place."""
    async with administrator(region) as client:
        await client.jetstream().delete_stream(stream_of(log.origin))
    await log.create(epoch, replicas=1)
    await filled(log, epoch, count, size=size)


async def test_a_follower_reads_the_existing_events_and_then_new_ones(log: EventLog, epoch: Epoch) -> None:
    await filled(log, epoch, 3)
    async with log.follow(BEGINNING) as follower:
        assert follower.epoch == epoch
        assert [event.sequence for event in await events(follower, 3)] == [1, 2, 3]
        coming = asyncio.create_task(follower.next())
        await log.append([entry(log.origin, epoch, 4)], after=Sequence(3))
        assert [(event.sequence, event.data) for event in await coming] == [(4, b"event 4")]


@pytest.mark.parametrize("known", [1, 2, 5])
async def test_a_follower_resumes_at_the_event_it_knows_and_returns_those_after_it(
    log: EventLog, epoch: Epoch, known: int
) -> None:
    marks = await filled(log, epoch, 5)
    async with log.follow(marks[known]) as follower:
        await log.append([entry(log.origin, epoch, 6)], after=Sequence(5))
        found = await events(follower, 6 - known)
    assert [event.sequence for event in found] == list(range(known + 1, 7))


async def test_an_event_keeps_its_arrival_time_while_it_waits_in_the_buffer(log: EventLog, epoch: Epoch) -> None:
    marks = await filled(log, epoch, 3)
    async with log.follow(marks[3]) as follower:
        begin = time_ns()
        assert await log.append(entries(log.origin, epoch, [3]), after=Sequence(3)) == (Append.STORED, "")
        async with asyncio.timeout(5):
            while not follower._buffer:  # noqa: SLF001 - the test looks inside
                await asyncio.sleep(0.001)
        end = time_ns()
        await asyncio.sleep(0.01)
        (event,) = await follower.next()
    assert begin <= event.heard_nanoseconds <= end


async def test_following_from_each_event_in_turn_gives_every_event_once(log: EventLog, epoch: Epoch) -> None:
    marks = await filled(log, epoch, 20)
    found: list[Stored] = []
    known = BEGINNING
    while len(found) < 20:
        async with log.follow(known) as follower:
            event = (await follower.next())[0]
        found.append(event)
        known = event.mark()
    assert [event.mark() for event in found] == marks[1:]


async def test_a_log_that_ends_before_the_known_event_went_back(log: EventLog, epoch: Epoch) -> None:
    await filled(log, epoch, 3)
    beyond = mark(epoch, 4, entry(log.origin, epoch, 4))
    with pytest.raises(WentBack, match="the log ends at 3, before message 4 that was read from it"):
        async with log.follow(beyond):
            pytest.fail("it must not resume")


async def test_a_log_that_is_gone_is_lost_for_its_readers_and_missing_for_others(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    async with administrator(region) as client:
        await client.jetstream().delete_stream(stream_of(log.origin))
    with pytest.raises(LogVanished, match="there is no log, and message 3 was read from it") as raised:
        async with log.follow(marks[3]):
            pytest.fail("there is nothing to follow")
    assert raised.value.reason == "lost"
    with pytest.raises(LogMissing):
        async with log.follow(BEGINNING):
            pytest.fail("there is nothing to follow")


async def test_an_empty_log_went_back_too(log: EventLog, epoch: Epoch) -> None:
    with pytest.raises(WentBack):
        async with log.follow(mark(epoch, 1, entry(log.origin, epoch, 1))):
            pytest.fail("it must not resume")


@pytest.mark.parametrize("more", [0, 5])
async def test_another_event_at_the_known_place_is_a_fork_in_a_log_of_any_length(
    log: EventLog, epoch: Epoch, more: int
) -> None:
    await filled(log, epoch, 3 + more)
    known = mark(epoch, 3, entry(log.origin, epoch, 33))
    with pytest.raises(Forked, match=f"another message stands at 3, where {known.fingerprint} was read"):
        async with log.follow(known):
            pytest.fail("it must not resume")


async def test_a_log_set_back_and_appended_to_past_the_known_event_is_a_fork(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    await made_anew(region, log, epoch, 10, size=1)
    with pytest.raises(Forked):
        async with log.follow(marks[3]):
            pytest.fail("it must not resume")


@pytest.mark.parametrize("count", [0, 3, 9])
async def test_a_log_that_was_made_anew_has_another_epoch_with_any_content(
    region: LocalRegion, log: EventLog, epoch: Epoch, count: int
) -> None:
    marks = await filled(log, epoch, 3)
    await made_anew(region, log, Epoch("anew"), count)
    with pytest.raises(EpochChanged, match=f"the log has epoch anew, and {epoch} was read"):
        async with log.follow(marks[3]):
            pytest.fail("it must not resume")


@pytest.mark.usefixtures("soon_in_doubt")
async def test_a_log_made_anew_while_it_is_followed_is_not_read_further(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    async with log.follow(marks[3]) as follower:
        await made_anew(region, log, Epoch("anew"), 9)
        with pytest.raises((Interrupted, EpochChanged, Unavailable)):
            await follower.next()


async def test_a_follower_whose_session_is_lost_raises_at_once(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 1)
    async with open_connection([region.nats_url], name="short-lived") as other:
        await other.session()
        async with EventLog(other, log.origin).follow(marks[1]) as follower:
            reading = asyncio.create_task(follower.next())
            await asyncio.sleep(0)
            await follower.session.close()
            with pytest.raises(Unavailable, match="the connection is lost"):
                async with asyncio.timeout(1):
                    await reading


async def test_a_server_that_is_killed_is_followed_on_with_nothing_lost_or_twice(
    region: LocalRegion, connection: Connection, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 30)
    async with log.follow(marks[10]) as follower:
        assert (await events(follower, 20))[-1].mark() == marks[30]
        await region.nats.kill()
        with pytest.raises(Unavailable):
            await follower.next()
    await region.nats.restart()
    await connection.session()
    await until(lambda: answers(log))
    await log.append([entry(log.origin, epoch, 31)], after=Sequence(30))
    async with log.follow(marks[20]) as follower:
        assert [event.sequence for event in await events(follower, 11)] == list(range(21, 32))


async def test_a_slow_reader_slows_the_server_down_and_misses_nothing(
    log: EventLog, epoch: Epoch, *, whole: bool
) -> None:
    """At least 48 MB. Flow control lets only 2 MB through to a reader that does not read."""
    count = 20_000 if whole else 12_000
    await filled(log, epoch, count, size=4_000)
    async with asyncio.timeout(60), log.follow(BEGINNING) as follower:
        held = follower._buffer  # noqa: SLF001 - the test looks inside
        await until(lambda: any(is_control(heard.message) for heard in held))
        # Long enough for heartbeats, which ask for the flow control that is already in the buffer.
        before = len(held)
        await asyncio.sleep(2.2)
        assert before <= len(held) < 1_000
        asked = [m.reply or (m.headers or {})["Nats-Consumer-Stalled"] for m, _ in held if is_control(m)]
        assert len(asked) == len(set(asked))
        held_max, known = 0, BEGINNING
        while known.sequence < count:
            await asyncio.sleep(0.002)
            held_max = max(held_max, len(follower._buffer))  # noqa: SLF001 - as above
            for event in await follower.next():
                assert event.sequence == known.sequence + 1
                known = event.mark()
        assert held_max < 1_000


def is_control(message: Msg) -> bool:
    return (message.headers or {}).get("Status") == "100"


async def test_nothing_is_kept_of_a_quiet_log_without_readers(log: EventLog, epoch: Epoch) -> None:
    """Its heartbeats still arrive."""
    marks = await filled(log, epoch, 1)
    async with log.follow(marks[1]) as follower:
        heard = follower._arrived  # noqa: SLF001 - the test looks inside
        for _ in range(2):
            heard.clear()
            async with asyncio.timeout(2):
                await heard.wait()
        assert follower._buffer == []  # noqa: SLF001 - as above


async def test_a_follower_that_ended_is_not_notified_of_a_lost_session(
    session: Session, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session lives for weeks, and has many followers one after the other."""
    told: list[str] = []

    def on_end(_: Callable[[], None]) -> Callable[[], None]:
        told.append("of a follower")
        return lambda: told.append("of its end")

    monkeypatch.setattr(session, "on_end", on_end)
    async with log.follow(BEGINNING):
        assert told == ["of a follower"]
    assert told == ["of a follower", "of its end"]


async def test_many_follow_one_log_and_each_reads_all_of_it(log: EventLog, epoch: Epoch) -> None:
    marks = await filled(log, epoch, 500)
    found = await asyncio.gather(*(everything(log) for _ in range(5)))
    for one in found:
        assert [event.mark() for event in one] == marks[1:]
