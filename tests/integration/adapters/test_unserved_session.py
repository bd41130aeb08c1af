"""A session without a served request ends, with one address or several."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic

import pytest

from adapters import jetstream
from adapters import session as session_module
from adapters.connection import open_connection
from adapters.errors import Unavailable
from adapters.event_log import EventLog
from adapters.session import REDIAL_SECONDS
from core.positions import Region
from deploy.local import LocalRegion
from tests.integration.adapters.stand_ins import LOCALHOST, stand_in


@pytest.fixture
def soon_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that passes before a request times out for the second time."""
    monkeypatch.setattr(session_module, "UNSERVED_SECONDS_MAX", 0.3)
    monkeypatch.setattr(jetstream, "API_TIMEOUT_SECONDS", 0.2)


@pytest.mark.usefixtures("soon_left")
async def test_the_session_leaves_a_live_server_that_serves_no_request_for_another_server(
    region: LocalRegion, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This happens with a server that is cut off from the others of its region."""
    changes: list[str | None] = []
    monkeypatch.setattr(random, "sample", lambda servers, _: list(servers))
    async with (
        stand_in() as useless,
        open_connection([useless.url, region.nats_url], name="a test", on_change=changes.append) as connection,
    ):
        first = await connection.session()
        described = EventLog(connection, log.origin)
        async with asyncio.timeout(5):
            while not first.is_lost:
                with pytest.raises(Unavailable):
                    await described.describe()
        async with asyncio.timeout(2):
            await connection.session()
        assert await described.describe() == await log.describe()
    assert changes == [None, "every request failed for 0.3 s", None]


@pytest.mark.usefixtures("soon_left")
async def test_the_session_does_not_leave_a_server_that_serves_some_requests(
    region: LocalRegion, log: EventLog
) -> None:
    async with open_connection([region.nats_url], name="a test") as connection:
        session = await connection.session()
        for _ in range(5):
            session.unserved()
            await asyncio.sleep(0.2)
            await EventLog(connection, log.origin).describe()
        assert not session.is_lost


@asynccontextmanager
async def balancer(ports: Sequence[int]) -> AsyncIterator[int]:
    """A port with several servers behind it: each connection reaches the first server without one, or the last."""
    left = list(ports)
    passing: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = left.pop(0) if len(left) > 1 else left[0]
        to_reader, to_writer = await asyncio.open_connection(LOCALHOST, port)
        for source, target in ((reader, to_writer), (to_reader, writer)):
            task = asyncio.create_task(passed(source, target))
            passing.add(task)
            task.add_done_callback(passing.discard)

    async with await asyncio.start_server(take, LOCALHOST, 0) as listening:
        yield listening.sockets[0].getsockname()[1]
    async with asyncio.timeout(10):
        await asyncio.gather(*passing)


async def passed(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await source.read(4096):
            target.write(chunk)
    target.close()


@pytest.mark.usefixtures("soon_left")
async def test_behind_one_address_another_server_is_found_if_the_first_serves_no_request(
    region: LocalRegion, log: EventLog
) -> None:
    async with stand_in() as useless, balancer([useless.port, useless.port, region.nats_ports[0]]) as port:
        address = region.nats_url.replace(f":{region.nats_ports[0]}", f":{port}")
        async with open_connection([address], name="a test") as connection, asyncio.timeout(20):
            sessions = {await connection.session()}
            described = EventLog(connection, log.origin)
            while True:
                with suppress(Unavailable):
                    assert await described.describe() == await log.describe()
                    break
                sessions.add(await connection.session())
            sessions.add(await connection.session())
            assert len(sessions) == 3


@pytest.mark.usefixtures("soon_left")
async def test_a_single_server_that_serves_nothing_is_dialled_no_more_often_than_sessions_end(
    origin: Region,
) -> None:
    async with stand_in() as useless, open_connection([useless.url], name="a test") as connection:
        begin = monotonic()
        async with asyncio.timeout(20):
            while len(useless.writers) < 4:
                await connection.session()
                with pytest.raises(Unavailable):
                    await EventLog(connection, origin).describe()
        assert monotonic() - begin > 3 * (0.3 + REDIAL_SECONDS)
