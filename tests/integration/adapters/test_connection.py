"""A connection has one session after another, and reports each change."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import structlog.testing
from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.connection import Connection, open_connection
from adapters.errors import Unavailable
from adapters.session import REDIAL_SECONDS, Session
from deploy.local import LocalRegion
from tests.integration.adapters.logs import until
from tests.integration.adapters.stand_ins import (
    Greeting,
    garbled,
    gone,
    healthy,
    outdated,
    over_long,
    silent,
    stand_in,
    unwilling,
)


async def test_a_connection_survives_its_servers_death_and_reports_each_change(region: LocalRegion) -> None:
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


@pytest.fixture
async def complaints() -> list[dict[str, Any]]:
    """What asyncio would report about tasks whose results were not retrieved."""
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
        (outdated, "NATS 2.12 or newer is needed, this is 2.11.11"),
    ],
)
async def test_a_server_with_a_bad_greeting_is_reported_and_dialled_again_until_it_recovers(
    greeting: Greeting, why: str
) -> None:
    changes: list[str | None] = []
    async with stand_in() as server:
        server.greeting = greeting
        async with open_connection([server.url], name="patient", on_change=changes.append) as connection:
            await until(lambda: len(changes) >= 2)
            assert all(change is not None and change.startswith(why) for change in changes), changes
            assert connection.why_not == changes[-1]
            server.greeting = healthy
            async with asyncio.timeout(2):
                session = await connection.session()
            assert changes[-1] is None
            assert connection.why_not == ""
            assert not session.is_lost
        assert session.is_lost
        await until(lambda: server.is_left)


async def test_a_missing_server_is_reported_within_one_dial_and_at_every_redial() -> None:
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


async def test_one_healthy_server_of_several_is_enough(region: LocalRegion) -> None:
    async with stand_in() as server:
        server.greeting = unwilling
        for _ in range(5):
            servers = ["nats://127.0.0.1:1", region.nats_url, server.url]
            async with open_connection(servers, name="a test") as connection, asyncio.timeout(2):
                await (await connection.session()).client.flush()


async def test_a_listener_for_changes_that_fails_ends_nothing(region: LocalRegion) -> None:
    def fails(_: str | None) -> None:
        raise ValueError("what")

    with structlog.testing.capture_logs() as lines:
        async with open_connection([region.nats_url], name="a test", on_change=fails) as connection:
            first = await connection.session()
            await first.close()
            async with asyncio.timeout(2):
                assert await connection.session() is not first
    assert {line["event"] for line in lines if line["log_level"] == "error"} == {
        "a change of a connection was not reported"
    }


async def test_a_session_that_fails_in_an_unknown_way_is_followed_by_another(
    region: LocalRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_: Session) -> None:
        raise RuntimeError("what")

    changes: list[str | None] = []
    with monkeypatch.context() as patch, structlog.testing.capture_logs() as lines:
        patch.setattr(Session, "watch", breaks)
        async with open_connection([region.nats_url], name="a test", on_change=changes.append) as connection:
            await until(lambda: changes.count("RuntimeError: what") >= 2)
            patch.undo()
            await until(lambda: connection.is_connected)
            await connection.current.client.flush()
    assert [line["event"] for line in lines] == ["a session failed"], "it is logged once, however often it fails"


async def test_an_error_while_closing_a_client_is_ignored_and_the_end_waits_for_every_close(
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


async def test_an_abandoned_request_leaves_no_complaint(complaints: list[dict[str, Any]]) -> None:
    async with stand_in() as server:
        server.greeting = silent
        async with open_connection([server.url], name="a test"):
            await until(lambda: bool(server.writers))
        await until(lambda: server.is_left)
    gc.collect()
    assert complaints == []


async def test_a_listeners_error_is_logged_with_its_subject_once_for_each_type(session: Session) -> None:
    heard: list[bytes] = []

    def fails(message: Msg) -> None:
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


async def test_a_task_that_waits_for_a_sessions_end_can_be_garbage_collected(region: LocalRegion) -> None:
    woken: list[str] = []
    async with open_connection([region.nats_url], name="a test") as connection:
        session = await connection.session()
        session.on_end(lambda: woken.append("stays"))
        forget = session.on_end(lambda: woken.append("goes"))
        forget()
        forget()
        await session.close()
        await until(lambda: bool(woken))
        session.on_end(lambda: woken.append("late"))
        await until(lambda: len(woken) == 2)
    assert woken == ["stays", "late"]
