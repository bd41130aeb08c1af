"""Creates a log, appends to it and describes it, on a real server with pauses and races."""

import asyncio
import json

import msgspec
import nats
import pytest

from adapters import jetstream, publishing
from adapters.batches import BATCH_EVENTS_MAX
from adapters.connection import Connection, open_connection
from adapters.errors import LogMissing, Unavailable
from adapters.event_log import Append, Entry, EventLog
from adapters.follower import Stored
from adapters.log_info import metadata_of
from core.positions import BEGINNING, NOTHING, Epoch, Region, Sequence
from core.subjects import stream_of, subjects_of
from deploy.local import LocalRegion
from tests.integration.adapters.logs import (
    administrator,
    answers,
    entries,
    entry,
    everything,
    filled,
    mark,
    paused,
    until,
)

# Creating


async def test_every_operation_on_a_log_that_does_not_exist_raises_missing(
    connection: Connection, origin: Region
) -> None:
    log = EventLog(connection, origin)
    for asking in (log.describe(), log.end(), log.stored_at(Sequence(1))):
        with pytest.raises(LogMissing):
            await asking
    with pytest.raises(LogMissing):
        async with log.follow(BEGINNING):
            pytest.fail("there is nothing to follow")


async def test_of_many_concurrent_creations_of_a_log_one_wins_and_all_agree_on_its_epoch(
    connection: Connection, origin: Region
) -> None:
    logs = [EventLog(connection, origin) for _ in range(8)]
    await asyncio.gather(*(log.create(Epoch(f"epoch{number}"), replicas=1) for number, log in enumerate(logs)))
    infos = {await log.describe() for log in logs}
    assert len(infos) == 1
    (info,) = infos
    assert info.epoch in {f"epoch{number}" for number in range(8)}
    assert info.last_sequence == NOTHING


async def test_creating_an_existing_log_changes_neither_its_epoch_nor_its_events(log: EventLog, epoch: Epoch) -> None:
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


async def test_a_log_that_was_made_when_readers_had_no_limits_still_works(
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


async def test_a_log_forgets_nothing_and_cannot_be_purged(region: LocalRegion, log: EventLog, epoch: Epoch) -> None:
    await filled(log, epoch, 3)
    async with administrator(region) as client:
        with pytest.raises(nats.js.errors.APIError):
            await client.jetstream().purge_stream(stream_of(log.origin))
        with pytest.raises(nats.js.errors.APIError):
            await client.jetstream().delete_msg(stream_of(log.origin), 2)
    assert len(await everything(log)) == 3


# Appending


@pytest.mark.parametrize("count", [1, 2, 9])
async def test_a_traceparent_accompanies_its_event_and_is_no_part_of_it(
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
async def test_stored_events_stand_at_their_places_byte_for_byte(log: EventLog, epoch: Epoch, count: int) -> None:
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
async def test_a_writer_that_missed_a_change_of_epoch_appends_nothing(log: EventLog, count: int) -> None:
    outcome, _ = await log.append(entries(log.origin, Epoch("before"), range(count)), after=NOTHING)
    assert outcome is Append.REFUSED
    assert (await log.describe()).last_sequence == NOTHING


async def test_nothing_is_appended_to_a_log_that_does_not_exist(
    connection: Connection, origin: Region, epoch: Epoch
) -> None:
    outcome, _ = await EventLog(connection, origin).append([entry(origin, epoch, 1)], after=NOTHING)
    assert outcome is Append.REFUSED


async def test_without_a_connection_nothing_is_sent(origin: Region, epoch: Epoch) -> None:
    async with open_connection(["nats://127.0.0.1:1"], name="a test") as nowhere:
        outcome, why = await EventLog(nowhere, origin).append([entry(origin, epoch, 1)], after=NOTHING)
    assert (outcome, why) == (Append.REFUSED, "not connected")


async def test_on_a_lost_session_nothing_is_sent(region: LocalRegion, log: EventLog, epoch: Epoch) -> None:
    async with open_connection([region.nats_url], name="another") as other:
        lost = await other.session()
    outcome, why = await log.append([entry(log.origin, epoch, 1)], after=NOTHING, on=lost)
    assert (outcome, why) == (Append.REFUSED, "the connection is lost")
    assert (await log.describe()).last_sequence == NOTHING


@pytest.mark.parametrize("count", [1, 20])
async def test_of_two_writers_that_race_for_a_place_exactly_one_wins_and_batches_stay_whole(
    region: LocalRegion, log: EventLog, epoch: Epoch, count: int, *, whole: bool
) -> None:
    rounds = 50 if whole else 25
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
    """It may land when the server wakes; then the same batch finds its place taken. Or it may never land."""
    added = entries(log.origin, epoch, range(3))
    monkeypatch.setattr(publishing, "API_TIMEOUT_SECONDS", 1.0)
    begin = asyncio.get_running_loop().time()
    async with paused(region):
        outcome, _ = await log.append(added, after=NOTHING)
    assert outcome is Append.UNANSWERED
    assert asyncio.get_running_loop().time() - begin < 10
    await connection.session()
    await until(lambda: answers(log))
    again, _ = await log.append(added, after=NOTHING)
    assert again in (Append.STORED, Append.PLACE_TAKEN)
    assert [event.data for event in await everything(log)] == [one.data for one in added]


# Describing


async def test_the_time_when_an_event_was_stored_is_read_at_its_place(log: EventLog, epoch: Epoch) -> None:
    await filled(log, epoch, 2)
    first, second = await log.stored_at(Sequence(1)), await log.stored_at(Sequence(2))
    assert first.endswith("Z")
    assert first <= second
    with pytest.raises(LogMissing):
        await log.stored_at(Sequence(3))


async def test_an_event_is_read_at_its_place_and_an_empty_place_has_none(
    connection: Connection, log: EventLog, epoch: Epoch
) -> None:
    marks = await filled(log, epoch, 3)
    found = await log.event_at(Sequence(2))
    assert found is not None
    assert found.mark() == marks[2]
    assert await log.event_at(Sequence(4)) is None
    with pytest.raises(LogMissing):
        await EventLog(connection, Region("nowhere")).event_at(Sequence(1))


async def test_a_log_describes_its_earlier_epochs_and_what_it_keeps_of_each(
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
