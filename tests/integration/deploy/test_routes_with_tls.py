"""The servers of a region require a certificate and a password. A server without either does not join."""

import asyncio
import json
import os
import signal
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from nats.aio.msg import Msg

from adapters.addresses import Tls
from adapters.connection import Connection, open_connection
from adapters.errors import Unavailable
from adapters.event_log import EventLog
from core.positions import BEGINNING, Epoch, Region
from core.positions import Sequence as EventSequence
from deploy.certificates import Authority, Identity, Use, new_authority
from deploy.local.network.ports import LOCALHOST, Ports
from deploy.local.processes.server_process import ServerProcess
from deploy.logins import new_logins
from deploy.nats.accounts import LOG_OPERATOR, ROUTES, SYSTEM_OPERATOR
from deploy.nats.configuration import Cluster
from runtime.credentials import Login
from tests.integration.adapters.logs import entries, events
from tests.nats_over_tls import give_certificate, server_over_tls

HERE = Region("us-iowa")
EPOCH = Epoch("epoch")
HOST = "localhost"
"""Servers dial one another by this name, listen at its address, and have it in their certificates."""

PASSWORDS = new_logins([HERE]).nats[HERE]
NAMES = {f"{HERE}-{number}" for number in (1, 2, 3)}


class Shown(NamedTuple):
    """A certificate of the region, for a server (with the name of its host) or for a process."""

    use: Use
    by_another: bool = False

    def issued(self, authority: Authority) -> Identity:
        """Issue a new certificate, by the authority or by another one."""
        now = datetime.now(UTC)
        issuer = new_authority(now=now) if self.by_another else authority
        return issuer.issue(HERE, "nats", use=self.use, now=now, hosts=[HOST] if self.use is Use.PEER else ())


OWN = Shown(Use.PEER)


class Servers:
    """What the servers of a region share, and the started servers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = new_authority(now=datetime.now(UTC))
        self.ports = Ports()
        self.route_ports = [self.ports.claim_any() for _ in range(3)]
        self.started: list[ServerProcess] = []

    async def start(self, name: str, *, route_port: int, shows: Shown = OWN, password: str = PASSWORDS[ROUTES]) -> None:
        """Start one more server, and wait until it listens."""
        self.give_certificate(name, shows)
        routes = [f"{HOST}:{each}" for each in self.route_ports]
        server = server_over_tls(
            self.directory,
            name,
            here=HERE,
            port=self.ports.claim_any(),
            passwords=PASSWORDS,
            cluster=Cluster(HERE, f"{LOCALHOST}:{route_port}", routes, password, f"{HOST}:{route_port}"),
        )
        self.started.append(server)
        await server.start()
        await server.wait_ready()

    def give_certificate(self, name: str, shows: Shown) -> None:
        """Write a new certificate into the files that the server reads at its start and on a reload."""
        give_certificate(self.directory, name, shows.issued(self.authority), self.authority)

    async def serial_number(self, server: ServerProcess) -> int:
        """The serial number of the certificate that the server shows now."""
        url = urlsplit(server.url)
        _, writer = await asyncio.open_connection(url.hostname, url.port, ssl=self._context(), server_hostname=HERE)
        try:
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            return x509.load_der_x509_certificate(shown).serial_number
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    @asynccontextmanager
    async def connection(self, server: ServerProcess, user: str) -> AsyncIterator[Connection]:
        """A session with one of the servers."""
        url = Login(user, PASSWORDS[user]).into(server.url)
        async with open_connection([url], name="a test", tls=Tls(self._context(), HERE)) as connection:
            async with asyncio.timeout(10):
                await connection.session()
            yield connection

    @asynccontextmanager
    async def log(self, server: ServerProcess) -> AsyncIterator[EventLog]:
        """The region's log, reached through one of the servers."""
        async with self.connection(server, LOG_OPERATOR) as connection:
            yield EventLog(connection, HERE)

    def _context(self) -> ssl.SSLContext:
        """The TLS context of a process."""
        shown = Shown(Use.CLIENT).issued(self.authority)
        (self.directory / "client.pem").write_text(shown.certificate + shown.key)
        context = ssl.create_default_context(cadata=self.authority.identity.certificate)
        context.load_cert_chain(self.directory / "client.pem")
        return context


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Servers]:
    """Three servers that have found one another."""
    servers = Servers(tmp_path)
    try:
        for index, port in enumerate(servers.route_ports):
            await servers.start(f"{HERE}-{index + 1}", route_port=port)
        async with asyncio.timeout(60):
            while await names_of(servers) != NAMES:
                await asyncio.sleep(0.1)
        yield servers
    finally:
        for server in servers.started:
            await server.stop()
        servers.ports.close()


async def names_of(servers: Servers) -> set[str]:
    """The names of the servers that answer a ping through the first one within a second, the first one included."""
    found: set[str] = set()

    def on_message(message: Msg) -> None:
        found.add(json.loads(message.data)["server"]["name"])

    async with servers.connection(servers.started[0], SYSTEM_OPERATOR) as connection:
        session = await connection.session()
        await session.subscribe("told", on_message)
        for _ in range(10):
            await session.publish("$SYS.REQ.SERVER.PING", b"", reply="told")
            await asyncio.sleep(0.1)
    return found


async def until_taken(log: EventLog, numbers: Sequence[int]) -> None:
    """Append events with these numbers, from the next place on, as soon as a server leads the log."""
    async with asyncio.timeout(60):
        while True:
            with suppress(Unavailable):
                await log.create(EPOCH, replicas=3)
                await log.append(entries(HERE, EPOCH, numbers), after=EventSequence(numbers[0] - 1))
                if (await log.describe()).last_sequence == numbers[-1]:
                    return
            await asyncio.sleep(0.1)


@pytest.mark.long
async def test_three_servers_with_certificates_keep_a_log_together(servers: Servers) -> None:
    assert await names_of(servers) == NAMES
    async with servers.log(servers.started[0]) as log:
        await until_taken(log, [1, 2])
    for server in servers.started:
        async with servers.log(server) as log, log.follow(BEGINNING) as follower:
            await events(follower, 2)


@pytest.mark.long
async def test_certificates_are_renewed_without_a_restart_even_those_of_routes(servers: Servers) -> None:
    async with servers.log(servers.started[0]) as log:
        await until_taken(log, [1, 2])
    before = {server.name: await servers.serial_number(server) for server in servers.started}
    for server in servers.started:
        servers.give_certificate(server.name, OWN)
        os.kill(server.pid, signal.SIGHUP)
        async with asyncio.timeout(30):
            while await servers.serial_number(server) == before[server.name]:
                await asyncio.sleep(0.1)
    for server in servers.started[1:]:
        await server.stop()
        await server.restart()
    async with asyncio.timeout(60):
        while await names_of(servers) != NAMES:
            await asyncio.sleep(0.1)
    async with servers.log(servers.started[2]) as log:
        await until_taken(log, [3, 4])


@pytest.mark.parametrize("use", [Use.PEER, Use.CLIENT])
@pytest.mark.long
async def test_a_server_with_the_password_and_a_certificate_of_the_deployment_joins(servers: Servers, use: Use) -> None:
    """The certificate of a process suffices: the servers do not check whose certificate it is."""
    await servers.start("fourth", route_port=servers.ports.claim_any(), shows=Shown(use))
    async with asyncio.timeout(60):
        while await names_of(servers) != NAMES | {"fourth"}:
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("shows", "password", "why"),
    [
        (OWN, "guessed", "Route Error 'Authorization Violation'"),
        (Shown(Use.PEER, by_another=True), PASSWORDS[ROUTES], "TLS route handshake error"),
    ],
    ids=["another password", "a certificate of another authority"],
)
@pytest.mark.long
async def test_a_server_with_only_the_password_or_only_the_certificate_does_not_join(
    servers: Servers, shows: Shown, password: str, why: str
) -> None:
    await servers.start("fourth", route_port=servers.ports.claim_any(), shows=shows, password=password)
    async with asyncio.timeout(60):
        while not any(why in server.log.read_text() for server in servers.started):
            await asyncio.sleep(0.1)
    assert await names_of(servers) == NAMES
