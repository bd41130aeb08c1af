"""An event that a server or stream will never accept is certainly refused, and its place stays free."""

import pytest

from adapters import greeting as greeting_module
from adapters.connection import open_connection
from adapters.event_log import Append, Entry, EventLog
from core.positions import NOTHING, Epoch, Sequence
from core.subjects import stream_of
from deploy.local import LocalRegion
from tests.integration.adapters.logs import administrator, entry, filled, until
from tests.max_payload import max_payload

LIMIT = 2_000
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def sized(log: EventLog, epoch: Epoch, size: int, traceparent: str = "") -> Entry:
    return Entry(entry(log.origin, epoch, 1).subject, b"." * size, traceparent)


async def test_a_message_may_have_max_payload_with_its_headers_and_not_a_byte_more(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    """A server ends the connection at a larger one, which would leave the outcome open."""
    async with max_payload(region.nats, LIMIT), open_connection([region.nats_url], name="limited") as connection:
        session = await connection.session()
        limited = EventLog(connection, log.origin)
        sizes = range(LIMIT - 200, LIMIT)
        refused = [size for size in sizes if await is_refused(limited, sized(log, epoch, size, TRACEPARENT))]
        assert refused == [*range(refused[0], LIMIT)]
        assert sizes[0] < refused[0] < LIMIT - len(TRACEPARENT)
        assert not session.is_lost
        end = (await limited.describe()).last_sequence
        largest = sized(log, epoch, refused[0] - 1, TRACEPARENT)
        assert await limited.append([largest], after=Sequence(end)) == (Append.STORED, "")
        outcome, why = await limited.append([sized(log, epoch, LIMIT)], after=Sequence(end + 1))
        assert outcome is Append.TOO_LARGE
        assert f"this NATS takes at most {LIMIT} (max_payload)" in why


async def test_an_open_connection_learns_that_the_limit_of_its_server_was_raised(
    region: LocalRegion, log: EventLog, epoch: Epoch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greeting_module, "ASK_SECONDS", 0.0)
    large = sized(log, epoch, LIMIT)

    async def is_stored() -> bool:
        return (await limited.append([large], after=NOTHING))[0] is Append.STORED

    async with (
        max_payload(region.nats, LIMIT) as lift,
        open_connection([region.nats_url], name="limited") as connection,
    ):
        session = await connection.session()
        limited = EventLog(connection, log.origin)
        assert not await is_stored()
        lift()
        await until(is_stored)
        assert connection.current is session


async def is_refused(log: EventLog, one: Entry) -> bool:
    """Whether it is refused for its size at a place that is taken anyway; nothing is stored."""
    return (await log.append([one], after=Sequence(99)))[0] is Append.TOO_LARGE


@pytest.mark.parametrize("place", [0, 5, 11])
async def test_one_too_large_event_in_a_batch_is_found_by_appending_one_by_one(
    region: LocalRegion, log: EventLog, epoch: Epoch, place: int
) -> None:
    """If it is not the last, the server reports only that the batch is incomplete."""
    await filled(log, epoch, 1)
    await limit_events(region, log, 500)
    batch = [sized(log, epoch, 900 if number == place else 10) for number in range(12)]
    outcome, _ = await log.append(batch, after=Sequence(1))
    assert outcome is Append.NOT_AS_A_BATCH
    assert (await log.describe()).last_sequence == 1
    outcomes = []
    for one in batch:
        end = (await log.describe()).last_sequence
        outcomes.append((await log.append([one], after=end))[0])
    assert outcomes == [Append.TOO_LARGE if number == place else Append.STORED for number in range(12)]


async def limit_events(region: LocalRegion, log: EventLog, size: int) -> None:
    """As an administrator of a stream may."""
    await change(region, log, max_msg_size=size)


async def change(region: LocalRegion, log: EventLog, **settings: object) -> None:
    async with administrator(region) as client:
        manager = client.jetstream()
        config = (await manager.stream_info(stream_of(log.origin))).config
        await manager.update_stream(config.evolve(**settings))


async def test_if_batches_are_refused_events_are_appended_one_by_one(
    region: LocalRegion, log: EventLog, epoch: Epoch
) -> None:
    await change(region, log, allow_atomic=False)
    batch = [sized(log, epoch, 10) for _ in range(2)]
    assert (await log.append(batch, after=NOTHING))[0] is Append.NOT_AS_A_BATCH
    assert (await log.append(batch[:1], after=NOTHING))[0] is Append.STORED


async def test_a_sealed_log_certainly_refuses(region: LocalRegion, log: EventLog, epoch: Epoch) -> None:
    await change(region, log, sealed=True)
    assert (await log.append([sized(log, epoch, 10)], after=NOTHING))[0] is Append.REFUSED
