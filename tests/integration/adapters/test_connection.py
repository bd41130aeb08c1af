"""A connection is one session after the other, and says so."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

import pytest
import structlog.testing
from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters import connection as connection_module
from adapters import jetstream
from adapters.connection import Connection, open_connection
from adapters.errors import Unavailable
from adapters.event_log import EventLog
from adapters.session import REDIAL_SECONDS, Session
from core.positions import Region
from deploy.local import LocalRegion
from tests.integration.adapters.logs import until

LOCALHOST = "127.0.0.1"
INFO = b'INFO {"server_id": "stand-in", "version": "2.15.1", "max_payload": 1048576, "headers": true}\r\n'


async def test_a_connection_is_kept_through_a_servers_death_and_says_each_change(region: LocalRegion) -> None:
    changes: list[str | None] = []
    async with open_connection([region.nats_url], name="kept", on_change=changes.append) as connection:
        first = await connection.session()
        await region.nats.kill()
        await until(lambda: first.is_lost)
        assert not connection.is_connected
        with pytest.raises(Unavailable, match="not connected"):
            _ = connection.current
        await region.nats.restart()
        async with asyncio.timeout(2):
            second = await connection.session()
        assert second is not first
        assert first.is_lost
        await second.client.flush()
    assert changes[0] is None
    assert changes[-1] is None
    assert any(change is not None for change in changes)


async def test_a_silent_server_is_noticed_within_a_few_pings_and_its_session_ends(
    region: LocalRegion, connection: Connection
) -> None:
    session = await connection.session()
    region.nats.pause()
    try:
        async with asyncio.timeout(6):
            await session.wait_lost()
    finally:
        region.nats.resume()
    async with asyncio.timeout(3):
        assert await connection.session() is not session


Greeting = Callable[[asyncio.StreamWriter], None]


def healthy(writer: asyncio.StreamWriter) -> None:
    writer.write(INFO)


def over_long(writer: asyncio.StreamWriter) -> None:
    writer.write(b"INFO " + b"x" * 200_000 + b"\r\n")


def garbled(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def unwilling(writer: asyncio.StreamWriter) -> None:
    writer.write(INFO + b"-ERR 'Authorization Violation'\r\n")


def silent(_: asyncio.StreamWriter) -> None:
    pass


def gone(writer: asyncio.StreamWriter) -> None:
    writer.close()


class StandIn:
    """A NATS server that greets as it is told to, and answers pings."""

    def __init__(self) -> None:
        self.greeting: Greeting = healthy
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"nats://{LOCALHOST}:{self.port}"

    @property
    def is_left(self) -> bool:
        return all(writer.is_closing() for writer in self.writers)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        self.greeting(writer)
        try:
            while line := await reader.readline():
                if line.startswith(b"PING"):
                    writer.write(b"PONG\r\n")
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def stand_in() -> AsyncIterator[StandIn]:
    server = StandIn()
    listening = await asyncio.start_server(server.take, LOCALHOST, 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
        for writer in server.writers:
            writer.close()


@pytest.fixture
async def complaints() -> list[dict[str, Any]]:
    """What asyncio would say about tasks that nobody looked at."""
    found: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
    return found


@pytest.mark.parametrize(
    ("greeting", "why"),
    [
        (over_long, "ValueError: Separator is not found, and chunk exceed the limit"),
        (garbled, "Error: nats: empty response from server when expecting INFO message"),
        (unwilling, "Error: nats: 'Authorization Violation'"),
        (silent, "TimeoutError"),
        (gone, "Error: nats: empty response"),
    ],
)
async def test_a_server_that_greets_badly_is_said_and_dialled_again_until_it_is_well(
    greeting: Greeting, why: str
) -> None:
    changes: list[str | None] = []
    async with stand_in() as server:
        server.greeting = greeting
        async with open_connection([server.url], name="patient", on_change=changes.append) as connection:
            await until(lambda: len(changes) >= 2)
            assert all(change is not None and change.startswith(why) for change in changes), changes
            server.greeting = healthy
            async with asyncio.timeout(2):
                session = await connection.session()
            assert changes[-1] is None
            assert not session.is_lost
        assert session.is_lost
        await until(lambda: server.is_left)


async def test_where_no_server_listens_it_is_said_within_one_dial_and_again_at_every_redial() -> None:
    changes: list[tuple[float, str | None]] = []
    loop = asyncio.get_running_loop()
    started = loop.time()
    servers = ["nats://me:secret@127.0.0.1:1", "nats://127.0.0.1:2"]
    async with open_connection(
        servers, name="a test", on_change=lambda why: changes.append((loop.time() - started, why))
    ) as connection:
        await until(lambda: len(changes) >= 3)
        assert not connection.is_connected
    assert changes[0][0] < REDIAL_SECONDS
    why = changes[0][1] or ""
    assert why.startswith("127.0.0.1:1: ConnectionRefusedError: ")
    assert "; 127.0.0.1:2: ConnectionRefusedError: " in why
    assert "secret" not in why
    assert {change for _, change in changes} == {why}


async def test_of_several_servers_one_that_is_well_is_enough(region: LocalRegion) -> None:
    async with stand_in() as server:
        server.greeting = unwilling
        for _ in range(5):
            servers = ["nats://127.0.0.1:1", region.nats_url, server.url]
            async with open_connection(servers, name="a test") as connection, asyncio.timeout(2):
                await (await connection.session()).client.flush()


@pytest.fixture
def soon_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sooner than one who asks gives up waiting for an answer for the second time."""
    monkeypatch.setattr(connection_module, "UNSERVED_SECONDS_MAX", 0.3)
    monkeypatch.setattr(jetstream, "API_TIMEOUT_SECONDS", 0.2)


@pytest.mark.usefixtures("soon_left")
async def test_a_server_that_lives_and_serves_no_request_is_left_for_another(
    region: LocalRegion, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that is cut off from the other servers of its region."""
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
    assert changes == [None, "no request was of use for 0.3 s", None]


@pytest.mark.usefixtures("soon_left")
async def test_one_whose_requests_are_served_now_and_then_is_not_left(region: LocalRegion, log: EventLog) -> None:
    async with open_connection([region.nats_url], name="a test") as connection:
        session = await connection.session()
        for _ in range(5):
            session.unserved()
            await asyncio.sleep(0.2)
            await EventLog(connection, log.origin).describe()
        assert not session.is_lost


@asynccontextmanager
async def balancer(ports: Sequence[int]) -> AsyncIterator[int]:
    """A port behind which are several servers: a connection is to the first that had none yet, or to the last."""
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
async def test_behind_one_address_another_server_is_found_in_place_of_one_that_serves_no_request(
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
async def test_a_server_that_is_alone_and_serves_nothing_is_asked_for_a_session_no_more_often_than_that(
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


async def test_one_who_is_told_of_a_change_and_fails_ends_nothing(region: LocalRegion) -> None:
    def fails(_: str | None) -> None:
        raise ValueError("what")

    with structlog.testing.capture_logs() as lines:
        async with open_connection([region.nats_url], name="a test", on_change=fails) as connection:
            first = await connection.session()
            await first.close()
            async with asyncio.timeout(2):
                assert await connection.session() is not first
    assert {line["event"] for line in lines if line["log_level"] == "error"} == {
        "a change of a connection was not heard"
    }


async def test_a_session_that_fails_in_an_unknown_way_is_followed_by_another(
    region: LocalRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_: Session) -> None:
        raise RuntimeError("what")

    changes: list[str | None] = []
    with monkeypatch.context() as patch, structlog.testing.capture_logs() as lines:
        patch.setattr(Session, "wait_lost", breaks)
        async with open_connection([region.nats_url], name="a test", on_change=changes.append) as connection:
            await until(lambda: changes.count("RuntimeError: what") >= 2)
            patch.undo()
            await until(lambda: connection.is_connected)
            await connection.current.client.flush()
    assert lines[0]["event"] == "a session failed"


async def test_closing_never_fails_and_is_waited_for(
    region: LocalRegion, monkeypatch: pytest.MonkeyPatch, complaints: list[dict[str, Any]]
) -> None:
    closed: list[str] = []
    close: Callable[[Client], Coroutine[Any, Any, None]] = Client.close

    async def fails(client: Client) -> None:
        await close(client)
        gc.collect()
        await asyncio.sleep(0)
        closed.append("one")
        raise AttributeError("what")

    monkeypatch.setattr(Client, "close", fails)
    async with open_connection([region.nats_url], name="a test") as connection:
        for _ in range(2):
            await (await connection.session()).close()
            await until(lambda: not connection.is_connected)
        await connection.session()
    assert len(closed) >= 3
    gc.collect()
    assert complaints == []


async def test_what_is_given_up_leaves_nothing_behind(complaints: list[dict[str, Any]]) -> None:
    async with stand_in() as server:
        server.greeting = silent
        async with open_connection([server.url], name="a test"):
            await until(lambda: bool(server.writers))
        await until(lambda: server.is_left)
    gc.collect()
    assert complaints == []


async def test_what_a_listener_raises_is_logged_with_its_subject_once_for_each_kind(session: Session) -> None:
    heard: list[bytes] = []

    async def fails(message: Msg) -> None:
        heard.append(message.data)
        if message.data == b"last":
            raise LookupError("nowhere")
        raise ValueError("what")

    subscription = await session.subscribe("spoken.*", fails)
    with structlog.testing.capture_logs() as lines:
        for payload in (b"first", b"second", b"last"):
            await session.publish("spoken.here", payload)
        await until(lambda: heard == [b"first", b"second", b"last"])
    await session.unsubscribe(subscription)
    assert [line["event"] for line in lines] == ["a message could not be taken"] * 2
    assert {(line["subject"], line["subscription"]) for line in lines} == {("spoken.here", "spoken.*")}
    assert all(line["exc_info"] for line in lines)


async def test_who_waits_for_a_sessions_end_can_be_forgotten(region: LocalRegion) -> None:
    woken: list[str] = []
    async with open_connection([region.nats_url], name="a test") as connection:
        session = await connection.session()
        session.on_lost(lambda: woken.append("stays"))
        forget = session.on_lost(lambda: woken.append("goes"))
        forget()
        forget()
        await session.close()
        await until(lambda: bool(woken))
        session.on_lost(lambda: woken.append("late"))
        await until(lambda: len(woken) == 2)
    assert woken == ["stays", "late"]
