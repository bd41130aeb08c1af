"""A link delays, holds and never loses, on real sockets."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from deploy.local.network.links import HELD_BYTES_MAX, Address, Link
from deploy.local.network.ports import LOCALHOST, Ports

SOON_SECONDS = 20.0
PAUSE_SECONDS = 0.05
"""How long a test waits before it concludes that nothing happens."""


class Peer:
    """A server behind the link: it keeps its connections, and echoes on request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.echoes = True
        self.accepted: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOCALHOST, self.port)

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for _, writer in self.accepted:
            writer.close()
        await self._server.wait_closed()
        self._server = None

    async def connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        await until(lambda: bool(self.accepted))
        return self.accepted[-1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted.append((reader, writer))
        while self.echoes and (data := await reader.read(65_536)):
            writer.write(data)
            await writer.drain()
        if self.echoes:
            writer.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_SECONDS):
        while not condition():
            await asyncio.sleep(0.002)


async def nothing_arrives(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(PAUSE_SECONDS):
            await reader.read(1)
    except TimeoutError:
        return True
    return False


async def exactly(reader: asyncio.StreamReader, data: bytes) -> bool:
    async with asyncio.timeout(SOON_SECONDS):
        return await reader.readexactly(len(data)) == data


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(SOON_SECONDS):
            return await reader.read() == b""
    except ConnectionResetError:
        return True


@pytest.fixture
def ports() -> Iterator[Ports]:
    claimed = Ports()
    yield claimed
    claimed.close()


@pytest.fixture
async def peer(ports: Ports) -> AsyncIterator[Peer]:
    peer = Peer(ports.claim_any())
    await peer.open()
    yield peer
    await peer.close()


@pytest.fixture
async def link(ports: Ports, peer: Peer) -> AsyncIterator[Link]:
    link = Link(listen=Address(LOCALHOST, ports.claim_any()), upstream=Address(LOCALHOST, peer.port))
    await link.open()
    yield link
    await link.close()
    while OPENED:
        OPENED.pop().close()


OPENED: list[asyncio.StreamWriter] = []
"""Connections of clients. They are closed even after a failed test."""


async def connect(link: Link, *, receive_bytes: int | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client's connection. The system keeps up to `receive_bytes` for it, or as much as its settings say."""
    connection = socket.socket()
    if receive_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.settimeout(0)
    await asyncio.get_running_loop().sock_connect(connection, tuple(link.listen))
    reader, writer = await asyncio.open_connection(sock=connection)
    OPENED.append(writer)
    return reader, writer


async def test_bytes_pass_intact_and_in_order_both_ways(link: Link) -> None:
    link.round_trip_seconds = 0.01
    reader, writer = await connect(link)
    data = os.urandom(4 << 20)
    writer.write(data)
    assert await exactly(reader, data)
    writer.close()


async def test_an_echo_takes_a_round_trip_and_the_first_one_another_for_the_handshake(link: Link) -> None:
    link.round_trip_seconds = 0.4
    loop = asyncio.get_running_loop()
    reader, writer = await connect(link)
    started = loop.time()
    writer.write(b"a")
    assert await exactly(reader, b"a")
    assert 0.798 <= loop.time() - started < 1.2, "two round trips, and less than three"
    started = loop.time()
    writer.write(b"b")
    assert await exactly(reader, b"b")
    assert 0.398 <= loop.time() - started < 0.8, "one, and less than two"
    writer.close()


async def test_the_delay_of_an_open_connection_changes_without_reordering(link: Link) -> None:
    link.round_trip_seconds = 0.1
    reader, writer = await connect(link)
    writer.write(b"a")
    assert await exactly(reader, b"a")
    writer.write(b"slow,")
    await until(lambda: link.held_bytes > 0)
    link.round_trip_seconds = 0.0
    writer.write(b"fast")
    assert await exactly(reader, b"slow,fast")
    writer.close()


async def test_a_cut_holds_bytes_in_both_directions_and_a_heal_delivers_them(link: Link, peer: Peer) -> None:
    peer.echoes = False
    reader, writer = await connect(link)
    peer_reader, peer_writer = await peer.connection()
    link.cut()
    writer.write(b"forth")
    peer_writer.write(b"back")
    assert await nothing_arrives(reader)
    assert await nothing_arrives(peer_reader)
    link.heal()
    assert await exactly(peer_reader, b"forth")
    assert await exactly(reader, b"back")
    writer.close()


async def test_an_end_during_a_cut_arrives_after_the_bytes_before_it_once_healed(link: Link, peer: Peer) -> None:
    peer.echoes = False
    _, writer = await connect(link)
    peer_reader, _ = await peer.connection()
    link.cut()
    writer.write(b"last words")
    writer.close()
    assert await nothing_arrives(peer_reader)
    assert not peer_reader.at_eof()
    link.heal()
    assert await exactly(peer_reader, b"last words")
    assert await ended(peer_reader)


async def test_a_half_closed_connection_still_delivers_the_echo(link: Link) -> None:
    reader, writer = await connect(link)
    writer.write(b"question")
    writer.write_eof()
    async with asyncio.timeout(SOON_SECONDS):
        assert await reader.read() == b"question"
    writer.close()
    await until(lambda: link.connection_count == 0)


async def test_a_new_connection_during_a_cut_is_accepted_and_not_answered_until_healed(link: Link, peer: Peer) -> None:
    link.cut()
    reader, writer = await connect(link)
    writer.write(b"hello")
    assert await nothing_arrives(reader)
    assert peer.accepted == []
    link.heal()
    assert await exactly(reader, b"hello")
    writer.close()


async def test_bytes_and_an_end_sent_during_the_handshake_arrive(link: Link) -> None:
    link.round_trip_seconds = 0.03
    reader, writer = await connect(link)
    writer.write(b"question")
    writer.write_eof()
    async with asyncio.timeout(SOON_SECONDS):
        assert await reader.read() == b"question"
    writer.close()


async def test_a_link_listens_and_dials_at_host_names(ports: Ports, peer: Peer) -> None:
    link = Link(listen=Address("localhost", ports.claim_any()), upstream=Address("localhost", peer.port))
    await link.open()
    reader, writer = await asyncio.open_connection(LOCALHOST, link.listen.port)
    writer.write(b"hello")
    assert await exactly(reader, b"hello")
    writer.close()
    await link.close()


async def test_an_upstream_whose_name_is_unknown_closes_the_clients_connection(ports: Ports) -> None:
    link = Link(listen=Address(LOCALHOST, ports.claim_any()), upstream=Address("nobody.invalid", 1))
    await link.open()
    reader, writer = await connect(link)
    assert await ended(reader)
    writer.close()
    await link.close()


async def test_a_cut_during_the_handshake_stops_it(link: Link, peer: Peer) -> None:
    link.round_trip_seconds = 0.03
    _, writer = await connect(link)
    await until(lambda: link.connection_count == 1)
    link.cut()
    await asyncio.sleep(PAUSE_SECONDS)
    assert peer.accepted == []
    link.heal()
    await peer.connection()
    writer.close()


@pytest.mark.parametrize("sent", [b"", b"hello"])
async def test_a_client_that_gives_up_during_a_cut_leaves_no_trace(link: Link, peer: Peer, sent: bytes) -> None:
    link.cut()
    _, writer = await connect(link)
    writer.write(sent)
    await until(lambda: link.connection_count == 1 and link.held_bytes >= len(sent))
    writer.close()
    await until(lambda: link.connection_count == 0)
    link.heal()
    await asyncio.sleep(PAUSE_SECONDS)
    assert peer.accepted == []


async def test_a_sender_must_wait_while_the_link_holds_its_maximum(link: Link, peer: Peer) -> None:
    peer.echoes = False
    _, writer = await connect(link)
    peer_reader, _ = await peer.connection()
    link.cut()
    data = os.urandom(3 * HELD_BYTES_MAX)
    writer.write(data)
    await until(lambda: link.held_bytes >= HELD_BYTES_MAX)
    await asyncio.sleep(PAUSE_SECONDS)
    assert link.held_bytes < HELD_BYTES_MAX * 1.1
    link.heal()
    assert await exactly(peer_reader, data)
    writer.close()


async def test_a_receiver_that_does_not_read_makes_the_sender_wait(link: Link, peer: Peer) -> None:
    peer.echoes = False
    # By default the system may keep 32 MB, more than is sent.
    reader, writer = await connect(link, receive_bytes=64 << 10)
    _, peer_writer = await peer.connection()
    data = os.urandom(3 * HELD_BYTES_MAX)
    peer_writer.write(data)
    await until(lambda: link.held_bytes >= HELD_BYTES_MAX)
    assert link.held_bytes < HELD_BYTES_MAX * 1.1
    assert await exactly(reader, data)
    writer.close()


async def test_a_refusing_upstream_closes_the_clients_connection(link: Link, peer: Peer) -> None:
    await peer.close()
    reader, writer = await connect(link)
    assert await ended(reader)
    writer.close()
    await until(lambda: link.connection_count == 0)


async def test_an_upstream_that_dies_ends_the_clients_connection(link: Link, peer: Peer) -> None:
    peer.echoes = False
    reader, writer = await connect(link)
    _, peer_writer = await peer.connection()
    peer_writer.transport.abort()
    assert await ended(reader)
    writer.close()
    await until(lambda: link.connection_count == 0)


async def test_a_client_that_dies_ends_the_upstreams_connection(link: Link, peer: Peer) -> None:
    peer.echoes = False
    _, writer = await connect(link)
    peer_reader, _ = await peer.connection()
    at_once = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()
    assert await ended(peer_reader)
    await until(lambda: link.connection_count == 0)


async def test_closing_a_link_closes_what_it_carries_even_when_cut(link: Link, peer: Peer) -> None:
    reader, writer = await connect(link)
    await peer.connection()
    link.cut()
    unanswered, other = await connect(link)
    await until(lambda: link.connection_count == 2)
    await link.close()
    assert await ended(reader)
    assert await ended(unanswered)
    assert link.connection_count == 0
    writer.close()
    other.close()
