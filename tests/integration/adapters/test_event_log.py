"""Appending to a log and following it, on a real server that is paused, killed, set back and raced for."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import time_ns

import msgspec
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters import event_log as event_log_module
from adapters import follower as follower_module
from adapters import jetstream
from adapters.batches import BATCH_EVENTS_MAX
from adapters.connection import Connection, open_connection
from adapters.errors import EpochChanged, Forked, Interrupted, LogMissing, LogVanished, Unavailable, WentBack
from adapters.event_log import Append, Entry, EventLog
from adapters.follower import SILENCE_SECONDS, Follower, Stored
from adapters.log_info import LogInfo, metadata_of
from adapters.session import Session
from core.positions import BEGINNING, NOTHING, Epoch, Mark, Region, Sequence
from core.topology import stream_of, subjects_of
from deploy.local import LocalRegion
from tests.integration.adapters.logs import entries, entry, events, everything, filled, mark, until


@asynccontextmanager
async def paused(region: LocalRegion) -> AsyncIterator[None]:
    region.nats.pause()
    try:
        yield
    finally:
        region.nats.resume()


@asynccontextmanager
async def administrator(region: LocalRegion) -> AsyncIterator[Client]:
    """Somebody who may do to a stream what a disk or a person can."""
    client = await nats.connect(region.nats_url)
    try:
        yield client
    finally:
        await client.close()


async def made_anew(region: LocalRegion, log: EventLog, epoch: Epoch, count: int, *, size: int = 0) -> None:
    """Lose the log, and have another one of `epoch` with `count` events in its place."""
    async with administrator(region) as client:
        await client.jetstream().delete_stream(stream_of(log.origin))
    await log.create(epoch, replicas=1)
    await filled(log, epoch, count, size=size)


@pytest.fixture
def soon_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Still longer than the second between two heartbeats."""
    monkeypatch.setattr(follower_module, "SILENCE_SECONDS", 1.5)


# Creating


async def test_a_log_that_is_not_there_is_missing_to_whoever_asks(connection: Connection, origin: Region) -> None:
    log = EventLog(connection, origin)
    for asking in (log.describe(), log.end(), log.stored_at(Sequence(1))):
        with pytest.raises(LogMissing):
            await asking
    with pytest.raises(LogMissing):
        async with log.follow(BEGINNING):
            pytest.fail("there is nothing to follow")


async def test_of_many_who_create_a_log_one_wins_and_all_agree_on_its_epoch(
    connection: Connection, origin: Region
) -> None:
    logs = [EventLog(connection, origin) for _ in range(8)]
    await asyncio.gather(*(log.create(Epoch(f"epoch{number}"), replicas=1) for number, log in enumerate(logs)))
    infos = {await log.describe() for log in logs}
    assert len(infos) == 1
    (info,) = infos
    assert info.epoch in {f"epoch{number}" for number in range(8)}
    assert info.last_sequence == NOTHING


async def test_creating_a_log_that_is_there_changes_neither_its_epoch_nor_its_events(
    log: EventLog, epoch: Epoch
) -> None:
    await filled(log, epoch, 3)
    await log.create(Epoch("another"), replicas=1)
    assert (await log.describe()).epoch == epoch
    assert len(await everything(log)) == 3


async def test_more_replicas_than_servers_is_unavailable_and_leaves_no_log(
    connection: Connection, origin: Region, epoch: Epoch
) -> None:
    log = EventLog(connection, origin)
    with pytest.raises(Unavailable):
        await log.create(epoch, replicas=3)
    with pytest.raises(LogMissing):
        await log.describe()


async def test_a_log_that_was_made_when_readers_had_no_limits_is_a_log_all_the_same(
    region: LocalRegion, connection: Connection, origin: Region, epoch: Epoch
) -> None:
    config = jetstream.StreamConfig(
        name=stream_of(origin), subjects=[subjects_of(origin, epoch)], metadata=metadata_of(origin, epoch, ())
    )
    earlier = msgspec.to_builtins(config)
    assert earlier.pop("consumer_limits")
    async with administrator(region) as client:
        answer = await client.request(f"$JS.API.STREAM.CREATE.{stream_of(origin)}", json.dumps(earlier).encode())
    assert b'"error"' not in answer.data
    log = EventLog(connection, origin)
    await log.create(Epoch("another"), replicas=1)
    assert (await log.describe()).epoch == epoch
    await filled(log, epoch, 3)
    assert len(await everything(log)) == 3


async def test_a_log_forgets_nothing_and_lets_nobody_purge_it(region: LocalRegion, log: EventLog, epoch: Epoch) -> None:
    await filled(log, epoch, 3)
    async with administrator(region) as client:
        with pytest.raises(nats.js.errors.APIError):
            await client.jetstream().purge_stream(stream_of(log.origin))
        with pytest.raises(nats.js.errors.APIError):
            await client.jetstream().delete_msg(stream_of(log.origin), 2)
    assert len(await everything(log)) == 3


# Appending


@pytest.mark.parametrize("count", [1, 2, 9])
async def test_what_goes_with_an_event_comes_with_it_and_is_no_part_of_it(
    log: EventLog, epoch: Epoch, count: int
) -> None:
    plain = entries(log.origin, epoch, range(count))
    added = [one._replace(traceparent=f"00-{number:032x}-{1:016x}-01") for number, one in enumerate(plain)]
    added[-1] = plain[-1]._replace(traceparent="" if count > 1 else "00-1-1-01")
    assert await log.append(added, after=NOTHING) == (Append.STORED, "")
    read = await everything(log)
    assert [event.traceparent for event in read] == [one.traceparent for one in added]
    assert [event.mark() for event in read] == [mark(epoch, number, one) for number, one in enumerate(plain, start=1)]


@pytest.mark.parametrize("count", [1, 2, 9, BATCH_EVENTS_MAX])
async def test_what_is_stored_is_there_at_its_place_byte_for_byte(log: EventLog, epoch: Epoch, count: int) -> None:
    added = entries(log.origin, epoch, range(count))
    assert await log.append(added, after=NOTHING) == (Append.STORED, "")
    assert [event._replace(heard_nanoseconds=0) for event in await everything(log)] == [
        Stored(Sequence(number), one.subject, one.data) for number, one in enumerate(added, start=1)
    ]
    assert await log.end() == mark(epoch, count, added[-1])


async def test_the_end_of_an_empty_log_is_the_beginning(log: EventLog) -> None:
    assert await log.end() == BEGINNING


@pytest.mark.parametrize("count", [1, 2, 9])
@pytest.mark.parametrize("after", [0, 2, 4, 99])
async def test_at_any_place_but_the_end_nothing_is_stored(log: EventLog, epoch: Epoch, count: int, after: int) -> None:
    marks = await filled(log, epoch, 3)
    outcome, why = await log.append(entries(log.origin, epoch, range(count)), after=Sequence(after))
    assert outcome is Append.PLACE_TAKEN
    assert "10071" in why or "10164" in why
    assert await log.end() == marks[-1]
    assert (await log.append([entry(log.origin, epoch, 4)], after=Sequence(3)))[0] is Append.STORED


@pytest.mark.parametrize("count", [1, 3])
async def test_whoever_missed_a_change_of_epoch_appends_nothing(log: EventLog, count: int) -> None:
    outcome, _ = await log.append(entries(log.origin, Epoch("before"), range(count)), after=NOTHING)
    assert outcome is Append.REFUSED
    assert (await log.describe()).last_sequence == NOTHING


async def test_to_a_log_that_is_not_there_nothing_is_appended(
    connection: Connection, origin: Region, epoch: Epoch
) -> None:
    outcome, _ = await EventLog(connection, origin).append([entry(origin, epoch, 1)], after=NOTHING)
    assert outcome is Append.REFUSED


async def test_without_a_connection_nothing_is_handed_to_anybody(origin: Region, epoch: Epoch) -> None:
    async with open_connection(["nats://127.0.0.1:1"], name="a test") as nowhere:
        outcome, why = await EventLog(nowhere, origin).append([entry(origin, epoch, 1)], after=NOTHING)
    assert (outcome, why) == (Append.REFUSED, "not connected")


async def test_on_a_session_that_is_lost_nothing_is_handed_to_anybody(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    async with open_connection([region.nats_url], name="another") as other:
        lost = await other.session()
    outcome, why = await log.append([entry(log.origin, epoch, 1)], after=NOTHING, on=lost)
    assert (outcome, why) == (Append.REFUSED, "the connection is lost")
    assert (await log.describe()).last_sequence == NOTHING


@pytest.mark.parametrize("count", [1, 20])
async def test_of_two_who_race_for_a_place_exactly_one_wins_and_batches_stay_whole(
    region: LocalRegion, log: EventLog, epoch: Epoch, count: int, *, whole: bool
) -> None:
    rounds = 100 if whole else 25
    async with open_connection([region.nats_url], name="a rival") as rival:
        await rival.session()
        logs = log, EventLog(rival, log.origin)
        won: list[Entry] = []
        for number in range(rounds):
            offers = [entries(log.origin, epoch, [number, who] * (count // 2) or [who]) for who in (1, 2)]
            after = Sequence(len(won))
            outcomes = await asyncio.gather(
                *(one.append(offer, after=after) for one, offer in zip(logs, offers, strict=True))
            )
            assert sorted(outcome.name for outcome, _ in outcomes) == ["PLACE_TAKEN", "STORED"]
            won += offers[[outcome for outcome, _ in outcomes].index(Append.STORED)]
    assert [Entry(event.subject, event.data) for event in await everything(log)] == won


async def test_a_batch_that_a_paused_server_does_not_answer_is_decided_by_its_place(
    region: LocalRegion, connection: Connection, log: EventLog, epoch: Epoch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may land when the server wakes, and then the same batch again has its place taken; or it may not."""
    added = entries(log.origin, epoch, range(3))
    monkeypatch.setattr(event_log_module, "APPEND_TIMEOUT_SECONDS", 1.0)
    begin = asyncio.get_running_loop().time()
    async with paused(region):
        outcome, _ = await log.append(added, after=NOTHING)
    assert outcome is Append.UNANSWERED
    assert asyncio.get_running_loop().time() - begin < 1.5
    await connection.session()
    await until(lambda: answers(log))
    again, _ = await log.append(added, after=NOTHING)
    assert again in (Append.STORED, Append.PLACE_TAKEN)
    assert [event.data for event in await everything(log)] == [one.data for one in added]


async def answers(log: EventLog) -> bool:
    try:
        await log.describe()
    except Unavailable:
        return False
    return True


# Following


async def test_a_follower_reads_what_is_there_and_then_what_comes(log: EventLog, epoch: Epoch) -> None:
    await filled(log, epoch, 3)
    async with log.follow(BEGINNING) as follower:
        assert follower.epoch == epoch
        assert [event.sequence for event in await events(follower, 3)] == [1, 2, 3]
        coming = asyncio.create_task(follower.next())
        await log.append([entry(log.origin, epoch, 4)], after=Sequence(3))
        assert [(event.sequence, event.data) for event in await coming] == [(4, b"event 4")]


@pytest.mark.parametrize("known", [1, 2, 5])
async def test_a_follower_resumes_at_the_event_it_knows_and_hands_on_those_behind(
    log: EventLog, epoch: Epoch, known: int
) -> None:
    marks = await filled(log, epoch, 5)
    async with log.follow(marks[known]) as follower:
        await log.append([entry(log.origin, epoch, 6)], after=Sequence(5))
        found = await events(follower, 6 - known)
    assert [event.sequence for event in found] == list(range(known + 1, 7))


async def test_an_event_knows_when_it_came_however_long_it_waits_to_be_taken(log: EventLog, epoch: Epoch) -> None:
    marks = await filled(log, epoch, 3)
    async with log.follow(marks[3]) as follower:
        begin = time_ns()
        assert await log.append(entries(log.origin, epoch, [3]), after=Sequence(3)) == (Append.STORED, "")
        async with asyncio.timeout(5):
            while not follower._buffer:  # noqa: SLF001 - nobody else is told
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
    with pytest.raises(WentBack, match="the log ends at 3, before event 4 that was read from it"):
        async with log.follow(beyond):
            pytest.fail("it must not resume")


async def test_a_log_that_is_gone_is_lost_to_whoever_read_it_and_missing_to_others(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    async with administrator(region) as client:
        await client.jetstream().delete_stream(stream_of(log.origin))
    with pytest.raises(LogVanished, match="there is no log, and event 3 was read from it") as raised:
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
async def test_another_event_at_the_known_place_is_a_fork_however_long_the_log_is(
    log: EventLog, epoch: Epoch, more: int
) -> None:
    await filled(log, epoch, 3 + more)
    known = mark(epoch, 3, entry(log.origin, epoch, 33))
    with pytest.raises(Forked, match=f"another event stands at 3, where {known.fingerprint} was read"):
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
async def test_a_log_that_was_made_anew_has_another_epoch_whatever_it_has(
    region: LocalRegion, log: EventLog, epoch: Epoch, count: int
) -> None:
    marks = await filled(log, epoch, 3)
    await made_anew(region, log, Epoch("anew"), count)
    with pytest.raises(EpochChanged, match=f"the log has epoch anew, and {epoch} was read"):
        async with log.follow(marks[3]):
            pytest.fail("it must not resume")


@pytest.mark.usefixtures("soon_in_doubt")
async def test_a_log_made_anew_under_its_follower_is_not_read_on(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    async with log.follow(marks[3]) as follower:
        await made_anew(region, log, Epoch("anew"), 9)
        with pytest.raises((Interrupted, EpochChanged, Unavailable)):
            await follower.next()


@pytest.mark.parametrize("sequence", [1, 3, 5, 99])
async def test_what_does_not_follow_on_is_a_doubt_and_is_not_handed_on(
    session: Session, log: EventLog, epoch: Epoch, sequence: int
) -> None:
    """As a server would deliver it whose consumer lost or repeated something."""
    marks = await filled(log, epoch, 3)
    async with asyncio.timeout(5), log.follow(marks[3]) as follower:
        await follower.on_message(delivered(session, log, sequence, entry(log.origin, epoch, sequence)))
        with pytest.raises(Interrupted, match=f"event {sequence} came after 3"):
            await follower.next()


async def test_an_event_of_another_epoch_in_the_midst_of_a_log_is_not_handed_on(
    session: Session, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    async with asyncio.timeout(5), log.follow(marks[3]) as follower:
        await follower.on_message(delivered(session, log, 4, entry(log.origin, Epoch("another"), 4)))
        with pytest.raises(EpochChanged, match="the log has epoch another"):
            await follower.next()


def delivered(session: Session, log: EventLog, sequence: int, entry: Entry) -> Msg:
    reply = f"$JS.ACK.{stream_of(log.origin)}.consumer.1.{sequence}.1.1.0"
    return Msg(_client=session.client, subject=entry.subject, reply=reply, data=entry.data)


async def test_a_follower_that_hears_nothing_is_in_doubt_within_its_bound(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    """Its consumer is gone and nobody says so: only the heartbeat is missing."""
    marks = await filled(log, epoch, 1)
    loop = asyncio.get_running_loop()
    async with administrator(region) as client, log.follow(marks[1]) as follower:
        for consumer in await client.jetstream().consumers_info(stream_of(log.origin)):
            await client.jetstream().delete_consumer(stream_of(log.origin), consumer.name)
        begin = loop.time()
        with pytest.raises(Interrupted, match=r"nothing heard for 2\.5 s"):
            await follower.next()
        assert SILENCE_SECONDS <= loop.time() - begin < SILENCE_SECONDS + 1.5


@asynccontextmanager
async def living(session: Session, origin: Region, *, known: Mark, end: int | None) -> AsyncIterator[Follower]:
    """A follower of a server that lives and delivers nothing, of a log that ends at `end`, if anybody says where."""

    async def describe() -> LogInfo:
        if end is None:
            raise Unavailable("there is an election")
        return LogInfo(epoch=known.epoch, last_sequence=Sequence(end))

    async def beat() -> None:
        while True:
            await follower.on_message(Msg(_client=session.client, headers={"Status": "100"}))
            await asyncio.sleep(0.2)

    follower = Follower(session, origin, known=known, describe=describe)
    beating = asyncio.create_task(beat())
    try:
        yield follower
    finally:
        beating.cancel()
        follower.close()


@pytest.mark.usefixtures("soon_in_doubt")
async def test_a_follower_whose_known_event_does_not_come_again_is_in_doubt_though_its_server_lives(
    session: Session, origin: Region, epoch: Epoch
) -> None:
    """As of a server that keeps the log too, and is behind."""
    known = mark(epoch, 3, entry(origin, epoch, 3))
    async with asyncio.timeout(5), living(session, origin, known=known, end=3) as follower:
        with pytest.raises(Interrupted, match=r"event 3 did not come again in 1\.5 s"):
            await follower.resume()


async def test_a_follower_that_is_delivered_nothing_though_there_is_more_is_in_doubt(
    session: Session, origin: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a server that keeps the log too, and is cut off from the others."""
    monkeypatch.setattr(follower_module, "QUIET_SECONDS", 0.5)
    async with asyncio.timeout(5), living(session, origin, known=BEGINNING, end=5) as follower:
        with pytest.raises(Interrupted, match="nothing after 0 is delivered, and there is 5"):
            await follower.next()


@pytest.mark.parametrize("end", [0, None])
async def test_a_follower_that_is_delivered_nothing_where_there_is_no_more_is_not(
    session: Session, origin: Region, end: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "QUIET_SECONDS", 0.2)
    async with living(session, origin, known=BEGINNING, end=end) as follower:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await follower.next()


@pytest.mark.usefixtures("soon_in_doubt")
async def test_a_quiet_log_is_no_reason_for_doubt(log: EventLog, epoch: Epoch) -> None:
    marks = await filled(log, epoch, 1)
    async with log.follow(marks[1]) as follower:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.2):
                await follower.next()


async def test_a_follower_whose_session_is_lost_says_so_at_once(
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


async def test_a_slow_reader_holds_the_server_back_and_misses_nothing(
    log: EventLog, epoch: Epoch, *, whole: bool
) -> None:
    """48 MB, of which flow control lets 2 MB through to one who does not read."""
    count = 40_000 if whole else 12_000
    await filled(log, epoch, count, size=4_000)
    async with asyncio.timeout(60), log.follow(BEGINNING) as follower:
        held = follower._buffer  # noqa: SLF001 - nobody else is told
        await until(lambda: any(is_control(heard.message) for heard in held))
        # Long enough for heartbeats, each of which asks for the flow control that is held already.
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


async def test_of_a_quiet_log_that_nobody_reads_nothing_is_kept(log: EventLog, epoch: Epoch) -> None:
    """Its heartbeats are heard all the same."""
    marks = await filled(log, epoch, 1)
    async with log.follow(marks[1]) as follower:
        heard = follower._arrived  # noqa: SLF001 - nobody else is told
        for _ in range(2):
            heard.clear()
            async with asyncio.timeout(2):
                await heard.wait()
        assert follower._buffer == []  # noqa: SLF001 - as above


async def test_who_follows_no_more_is_not_told_that_the_session_was_lost(
    session: Session, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session lives for weeks, and is followed on again and again."""
    told: list[str] = []

    def on_lost(_: Callable[[], None]) -> Callable[[], None]:
        told.append("of a follower")
        return lambda: told.append("of its end")

    monkeypatch.setattr(session, "on_lost", on_lost)
    async with log.follow(BEGINNING):
        assert told == ["of a follower"]
    assert told == ["of a follower", "of its end"]


async def test_many_follow_one_log_and_each_reads_all_of_it(log: EventLog, epoch: Epoch) -> None:
    marks = await filled(log, epoch, 500)
    found = await asyncio.gather(*(everything(log) for _ in range(5)))
    for one in found:
        assert [event.mark() for event in one] == marks[1:]


async def test_when_an_event_was_stored_is_known_by_its_place(log: EventLog, epoch: Epoch) -> None:
    await filled(log, epoch, 2)
    first, second = await log.stored_at(Sequence(1)), await log.stored_at(Sequence(2))
    assert first.endswith("Z")
    assert first <= second
    with pytest.raises(LogMissing):
        await log.stored_at(Sequence(3))


async def test_an_event_is_read_at_its_place_and_where_there_is_none_there_is_none(
    connection: Connection, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    found = await log.event_at(Sequence(2))
    assert found is not None
    assert found.mark() == marks[2]
    assert await log.event_at(Sequence(4)) is None
    with pytest.raises(LogMissing):
        await EventLog(connection, Region("nowhere")).event_at(Sequence(1))


async def test_a_log_says_which_epochs_it_had_before_and_what_it_keeps_of_each(
    connection: Connection, origin: Region
) -> None:
    log = EventLog(connection, origin)
    grandparent, parent, epoch = Epoch("g1"), Epoch("p1"), Epoch("e1")
    ancestors = ((parent, Sequence(90)), (grandparent, Sequence(40)))
    await log.create(epoch, replicas=1, ancestors=ancestors)
    info = await log.describe()
    assert info.ancestors == ancestors
    assert [info.keeps(parent, Sequence(sequence)) for sequence in (1, 90, 91)] == [True, True, False]
    assert [info.keeps(grandparent, Sequence(sequence)) for sequence in (40, 41)] == [True, False]
    assert info.keeps(epoch, Sequence(1_000))
    assert not info.keeps(Epoch("x1"), Sequence(1))
