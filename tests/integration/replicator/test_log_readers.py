"""The readers of a log on a real server: a replicator announces that all read frames only if it has seen that."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import time
from types import SimpleNamespace

import nats
import pytest
import pytest_asyncio
import structlog.testing
from nats.js.api import AckPolicy, ConsumerConfig

from adapters.connection import Connection, open_connection
from adapters.event_log import Append, Entry, EventLog
from core.positions import BEGINNING, Epoch, Region
from core.subjects import FORMS, FRAMES, frames_of, stream_of
from deploy.local import LocalRegion, local_regions
from deploy.local.processes.server_process import ServerProcess
from deploy.nats.accounts import REPLICATOR, SERVICE
from replicator.log_readers import SETTLED_SECONDS, LogReaders

HERE = Region("us-iowa")
SOON, LATER = SETTLED_SECONDS - 0.1, SETTLED_SECONDS + 0.1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def region() -> AsyncIterator[LocalRegion]:
    async with local_regions(regions=1, services=0, replicators=0) as demo:
        yield demo.region(HERE)


@pytest.fixture
async def connection(region: LocalRegion) -> AsyncIterator[Connection]:
    async with open_connection([region.nats_url_as(REPLICATOR)], name="a replicator") as connection:
        await connection.session()
        yield connection


@pytest.fixture
async def log(region: LocalRegion, connection: Connection) -> AsyncIterator[EventLog]:
    """A new, empty log, with the readers that a region has."""
    client = await nats.connect(region.nats_url)
    log, epoch = EventLog(connection, HERE), Epoch(secrets.token_hex(5))
    await log.create(epoch, replicas=1)
    async with open_connection([region.nats_url_as(SERVICE)], name="a service") as service:
        await service.session()
        async with log.follow(BEGINNING), EventLog(service, HERE).follow(BEGINNING):
            yield log
    await client.jetstream().delete_stream(stream_of(HERE))
    await client.close()


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(now=1_000.0)


@pytest.fixture
def looks(log: EventLog, clock: SimpleNamespace) -> LogReaders:
    """Looks at the log when that is no longer new."""
    return LogReaders(log, now_seconds=lambda: clock.now, now_since_1970_seconds=lambda: time() + LATER)


async def append(region: LocalRegion, subject_of: Callable[[Epoch], str]) -> None:
    async with open_connection([region.nats_url], name="a writer") as connection:
        await connection.session()
        log = EventLog(connection, HERE)
        found = await log.describe()
        message = Entry(subject_of(found.epoch), b"{}")
        assert (await log.append([message], after=found.last_sequence))[0] is Append.STORED


async def append_message(region: LocalRegion) -> None:
    await append(region, lambda epoch: f"events.{HERE}.{epoch}.webhook_created.v1")


async def append_frame(region: LocalRegion) -> None:
    await append(region, lambda epoch: frames_of(HERE, epoch))


@asynccontextmanager
async def another_reader(region: LocalRegion, config: ConsumerConfig) -> AsyncIterator[None]:
    """A reader that does not show that it reads frames, as one of the version before."""
    client = await nats.connect(region.nats_url)
    stream = client.jetstream()
    name = (await stream.add_consumer(stream_of(HERE), config)).name
    try:
        yield
    finally:
        await stream.delete_consumer(stream_of(HERE), name)
        await client.close()


OLD_SERVICE = ConsumerConfig(deliver_subject="deliver.service.5f", ack_policy=AckPolicy.NONE)
OPERATORS = ConsumerConfig(durable_name="audit", ack_policy=AckPolicy.EXPLICIT)


async def test_of_an_empty_log_it_is_announced_at_once(looks: LogReaders) -> None:
    await looks.look()
    assert looks.reads == list(FORMS)


async def test_of_a_log_that_ends_with_a_frame_it_is_announced_at_once(region: LocalRegion, looks: LogReaders) -> None:
    await append_message(region)
    await append_frame(region)
    await looks.look()
    assert looks.reads == [FRAMES]


async def test_of_a_new_log_it_is_announced_at_once_whatever_was_written_first(
    region: LocalRegion, log: EventLog
) -> None:
    """A service may write before its region's replicators have looked."""
    await append_message(region)
    looks = LogReaders(log)
    await looks.look()
    assert looks.reads == list(FORMS)


async def test_of_a_log_of_older_messages_it_is_announced_after_a_time_in_which_no_older_reader_came(
    region: LocalRegion, looks: LogReaders, clock: SimpleNamespace
) -> None:
    await append_message(region)
    await looks.look()
    clock.now += SOON
    await looks.look()
    assert looks.reads == []
    async with another_reader(region, OLD_SERVICE):
        clock.now += LATER
        await looks.look()
        assert looks.reads == []
    clock.now += LATER
    await looks.look()
    assert looks.reads == [], "this is the first look without it"
    clock.now += LATER
    await looks.look()
    assert looks.reads == list(FORMS)


async def test_the_time_begins_once_the_projection_is_current_because_no_process_follows_the_log_before(
    region: LocalRegion, looks: LogReaders, clock: SimpleNamespace
) -> None:
    await append_message(region)
    looks.is_current = lambda: False
    await looks.look()
    clock.now += LATER
    await looks.look()
    looks.is_current = lambda: True
    clock.now += SOON
    await looks.look()
    assert looks.reads == []
    clock.now += LATER
    await looks.look()
    assert looks.reads == list(FORMS)


async def test_an_older_reader_that_comes_later_takes_it_back_at_once(
    region: LocalRegion, looks: LogReaders, clock: SimpleNamespace
) -> None:
    await looks.look()
    async with another_reader(region, OLD_SERVICE):
        clock.now += 0.1
        await looks.look()
        assert looks.reads == []


async def test_after_a_time_without_an_answer_all_readers_are_looked_for_again(
    region: LocalRegion, log: EventLog, looks: LogReaders, clock: SimpleNamespace, connection: Connection
) -> None:
    await append_message(region)
    await looks.look()
    clock.now += LATER
    await looks.look()
    assert looks.reads == list(FORMS)
    await restart(region.nats, connection, while_down=looks)
    assert looks.reads == []
    await looks.look()
    assert looks.reads == [], "no process reads the log yet"
    async with log.follow(BEGINNING):
        clock.now += LATER
        await looks.look()
        clock.now += SOON
        await looks.look()
        assert looks.reads == [], "others may still come back"
        clock.now += LATER
        await looks.look()
        assert looks.reads == list(FORMS)


async def test_a_reader_of_an_operator_is_named(region: LocalRegion, looks: LogReaders) -> None:
    with structlog.testing.capture_logs() as lines:
        async with another_reader(region, OPERATORS), another_reader(region, OLD_SERVICE):
            await looks.look()
            await looks.look()
    assert looks.reads == []
    assert lines == [
        {
            "event": form,
            "log_level": "info",
            "why": f"not every reader of this region's log reads {form}",
            "readers": ["audit", "service"],
        }
        for form in FORMS.values()
    ]


async def test_without_the_permission_one_warning_names_it_and_the_session_lives(
    region: LocalRegion, log: EventLog
) -> None:
    """A service may not list the readers, as a replicator could not with the accounts of the version before."""
    async with open_connection([region.nats_url_as(SERVICE)], name="a replicator") as connection:
        session = await connection.session()
        looks = LogReaders(EventLog(connection, HERE))
        with structlog.testing.capture_logs() as lines:
            for _ in range(3):
                await looks.look()
        assert not session.is_lost
    assert looks.reads == []
    assert [(line["event"], line["log_level"], line["permission"]) for line in lines] == [
        ("frames", "warning", f"CONSUMER.LIST.{stream_of(log.origin)}")
    ]


async def restart(server: ServerProcess, connection: Connection, *, while_down: LogReaders) -> None:
    await server.kill()
    async with asyncio.timeout(20):
        await (await connection.session()).wait_lost() if connection.is_connected else None
        await while_down.look()
        await server.start()
        await server.wait_ready()
        await connection.session()
