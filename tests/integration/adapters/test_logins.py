"""The login of a session, and the error when its permissions do not suffice."""

import asyncio
import json

import structlog.testing

from adapters.connection import open_connection
from deploy.local import LocalRegion
from deploy.nats.accounts import SERVICE
from runtime.credentials import Login
from tests.integration.adapters.logs import until


async def test_a_wrong_password_is_reported_without_it_and_tried_again(region: LocalRegion) -> None:
    changes: list[str | None] = []
    servers = [Login(SERVICE, "s3cret-that-is-wrong").into(region.nats.url)]
    async with open_connection(servers, name="a test", on_change=changes.append) as connection:
        await until(lambda: len(changes) >= 2)
        assert not connection.is_connected
    assert all(change is not None and "Authorization Violation" in change for change in changes), changes
    assert "s3cret" not in str(changes)


async def test_a_password_of_any_characters_reaches_the_server_unchanged() -> None:
    """An address escapes special characters; the server receives the plain ones."""
    shown: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id": "stand-in", "version": "2.15.1", "auth_required": true}\r\n')
        line = await reader.readline()
        if not shown.done():
            shown.set_result(json.loads(line.removeprefix(b"CONNECT ")))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        servers = [Login("no/body", "p@ss:w#rd?%40").into(f"nats://127.0.0.1:{port}")]
        async with open_connection(servers, name="a test"):
            connect = await asyncio.wait_for(shown, 5)
    assert (connect["user"], connect["pass"]) == ("no/body", "p@ss:w#rd?%40")


async def test_a_permissions_violation_is_logged_once(region: LocalRegion) -> None:
    with structlog.testing.capture_logs() as lines:
        async with open_connection([region.nats_url_as(SERVICE)], name="a test") as connection:
            session = await connection.session()
            for _ in range(3):
                await session.publish("watermarks.us-iowa", b"{}")
            await session.publish("watermarks.asia-japan", b"{}")
            async with asyncio.timeout(5):
                while "asia-japan" not in str(lines):
                    await asyncio.sleep(0.01)
            assert not session.is_lost
    assert [(line["event"], line["log_level"]) for line in lines] == [("not permitted", "error")] * 2
    assert "watermarks.us-iowa" in lines[0]["why"]


async def test_each_session_receives_events_on_subjects_of_its_user(region: LocalRegion) -> None:
    async with open_connection([region.nats_url_as(SERVICE)], name="a test") as connection:
        session = await connection.session()
        first, second = session.new_delivery_subject(), session.new_delivery_subject()
    assert first != second
    assert first.startswith(f"deliver.{SERVICE}.")
