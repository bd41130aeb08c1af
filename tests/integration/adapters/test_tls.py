"""TLS trusts a server only by its certificate, sends it nothing before, and reports a refusal within a bound."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.addresses import Tls
from adapters.connection import open_connection
from adapters.session import DIAL_SECONDS_MAX
from core.positions import Region
from deploy.certificates import Authority, Use, new_authority
from deploy.local.network.ports import LOCALHOST, Ports
from deploy.logins import new_logins
from deploy.nats.accounts import SERVICE
from runtime.credentials import Login
from runtime.settings import Environment
from tests.nats_over_tls import give_certificate, server_over_tls

HERE = Region("us-iowa")
Context = Callable[[set[str]], ssl.SSLContext]
BELIEVES, SHOWS = {"authority"}, {"certificate", "key"}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority(now=datetime.now(UTC))


@pytest.fixture
def context(tmp_path: Path, authority: Authority) -> Context:
    """The TLS context of a process with these files."""

    def made(given: set[str]) -> ssl.SSLContext:
        shown = authority.issue(HERE, "service", use=Use.CLIENT, now=datetime.now(UTC))
        files = {"authority": authority.identity.certificate, "certificate": shown.certificate, "key": shown.key}
        for name, text in files.items():
            (tmp_path / f"client-{name}.pem").write_text(text)
        return Environment(
            {f"CROSSHOOK_TLS_{name.upper()}": str(tmp_path / f"client-{name}.pem") for name in given}
        ).tls()

    return made


@pytest.fixture
async def address(tmp_path: Path, authority: Authority) -> AsyncIterator[str]:
    """A real server that speaks only TLS and requires a certificate. Its address has the service's login."""
    ports, passwords = Ports(), new_logins([HERE]).nats[HERE]
    shown = authority.issue(HERE, "nats", use=Use.SERVER, now=datetime.now(UTC))
    give_certificate(tmp_path, HERE, shown, authority)
    server = server_over_tls(tmp_path, HERE, here=HERE, port=ports.claim_any(), passwords=passwords)
    await server.start()
    try:
        await server.wait_ready()
        yield Login(SERVICE, passwords[SERVICE]).into(server.url)
    finally:
        await server.stop()
        ports.close()


async def test_both_sides_show_certificates_and_the_regions_name_is_checked(address: str, context: Context) -> None:
    async with open_connection([address], name="a test", tls=Tls(context(BELIEVES | SHOWS), HERE)) as connection:
        async with asyncio.timeout(10):
            session = await connection.session()
        await session.client.flush()
        assert session.client.connected_url is not None
        assert session.client.connected_url.scheme == "tls"


@pytest.mark.parametrize(
    ("server_name", "given"),
    [("europe-belgium", BELIEVES | SHOWS), ("", BELIEVES | SHOWS), (HERE, BELIEVES), (HERE, SHOWS)],
    ids=[
        "another region",
        "an address that no certificate names",
        "no certificate of one's own",
        "no authority believed",
    ],
)
async def test_a_bad_certificate_is_refused_and_reported_within_the_bound_of_a_dial(
    address: str, context: Context, server_name: str, given: set[str]
) -> None:
    changes: list[str | None] = []
    tls = Tls(context(given), server_name)
    async with open_connection([address], name="a test", tls=tls, on_change=changes.append) as connection:
        async with asyncio.timeout(2 * DIAL_SECONDS_MAX + 10):
            while not changes:
                await asyncio.sleep(0.05)
        assert not connection.is_connected
    assert changes[0]
    assert "ertificate" in changes[0] or "SSL" in changes[0] or "TLS" in changes[0], changes


async def test_a_server_without_tls_gets_no_password(context: Context) -> None:
    shown = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id": "in between", "version": "2.15.1", "auth_required": true}\r\n')
        with suppress(ConnectionError):
            while chunk := await reader.read(4096):
                shown.extend(chunk)
        writer.close()

    changes: list[str | None] = []
    async with await asyncio.start_server(serve, LOCALHOST, 0) as server:
        address = f"tls://{SERVICE}:s3cret@{LOCALHOST}:{server.sockets[0].getsockname()[1]}"
        tls = Tls(context(BELIEVES | SHOWS), HERE)
        async with open_connection([address], name="a test", tls=tls, on_change=changes.append) as connection:
            async with asyncio.timeout(2 * DIAL_SECONDS_MAX + 10):
                while not changes:
                    await asyncio.sleep(0.05)
            assert not connection.is_connected
    assert shown, "it was dialled"
    assert b"s3cret" not in shown
    assert b"CONNECT" not in shown
