"""An open page receives each sample, delays no other page, and ends at once when the process stops."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from runtime import endings
from service.dashboard.listeners import ListenerBounds, Listeners, event
from tests.unit.runtime.serving import LOCALHOST, Streams, connect, served
from tests.unit.service.http.paths import path_to

REQUEST = b"GET /dashboard/events HTTP/1.1\r\nHost: here\r\n\r\n"


def listeners(*, listeners_max: int = 2, address_listeners_max: int = 2, trusted_proxies: int = 0) -> Listeners:
    bounds = ListenerBounds(
        listeners_max=listeners_max, address_listeners_max=address_listeners_max, trusted_proxies=trusted_proxies
    )
    return Listeners(lambda: event("past", b"{}"), bounds)


@asynccontextmanager
async def served_to_stop(listening: Listeners) -> AsyncIterator[int]:
    """Serve them behind a limit of no requests, since listeners take no places, and end them after the test."""
    async with served(path_to(listening, requests_max=0, body_bytes_max=0)) as port:
        try:
            yield port
        finally:
            listening.end()


async def listen(port: int, *, method: bytes = b"GET", forwarded_for: bytes = b"") -> Streams:
    reader, writer = await connect(port)
    head = REQUEST.replace(b"GET", method)
    if forwarded_for:
        head = head.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: " + forwarded_for + b"\r\n\r\n")
    writer.write(head)
    return reader, writer


async def status_of(streams: Streams) -> int:
    return int((await streams[0].readuntil(b"\r\n\r\n")).split(b" ")[1])


async def until(listening: Listeners, count: int) -> None:
    async with asyncio.timeout(5):
        while len(listening) != count:
            await asyncio.sleep(0.01)


async def test_a_listener_receives_the_past_and_then_each_present() -> None:
    listening = listeners()
    async with served_to_stop(listening) as port:
        reader, _ = await listen(port)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"content-type: text/event-stream; charset=utf-8\r\n" in head
        assert b"cache-control: no-store\r\n" in head
        await reader.readuntil(b"event: past\ndata: {}\n\n")
        for number in (b"1", b"2"):
            listening.tell(event("present", number))
            await reader.readuntil(b"event: present\ndata: " + number + b"\n\n")


async def test_one_listener_too_many_is_refused_until_another_has_gone() -> None:
    listening = listeners(listeners_max=1)
    async with served_to_stop(listening) as port:
        _, first = await listen(port)
        await until(listening, 1)
        reader, _ = await listen(port)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in head
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        (error,) = msgspec.json.decode(await reader.readexactly(length))["errors"]
        assert error == {"httpcode": 503, "message": "at most 1 pages may be open at once; try again"}
        first.close()
        async with asyncio.timeout(5):
            while len(listening) > 0:
                listening.tell(
                    event("present", b"1")
                )  # A sample is sent every second. A client that has only closed its sending side might read on.
                await asyncio.sleep(0.01)
        reader, _ = await listen(port)
        await reader.readuntil(b"event: past\n")


async def test_one_address_does_not_take_the_places_of_others() -> None:
    listening = listeners(listeners_max=4, address_listeners_max=2, trusted_proxies=1)
    async with served_to_stop(listening) as port:
        greedy = [await listen(port, forwarded_for=b"203.0.113.%d, 198.51.100.7" % number) for number in range(4)]
        assert sorted([await status_of(streams) for streams in greedy]) == [200, 200, 429, 429]
        assert await status_of(await listen(port, method=b"HEAD", forwarded_for=b"198.51.100.7")) == 429
        for address, status in ((b"198.51.100.8", 200), (b"2001:db8::1", 200), (b"198.51.100.9", 503)):
            assert await status_of(await listen(port, forwarded_for=address)) == status
        for _, writer in greedy:
            writer.close()
        async with asyncio.timeout(5):
            while len(listening) > 2:
                listening.tell(event("present", b"1"))  # Only a write shows that a client is gone.
                await asyncio.sleep(0.01)
        assert await status_of(await listen(port, method=b"HEAD", forwarded_for=b"198.51.100.7")) == 200
        assert await status_of(await listen(port, forwarded_for=b"198.51.100.7")) == 200


async def test_without_trusted_proxies_a_client_has_the_address_of_its_connection() -> None:
    listening = listeners(listeners_max=4, address_listeners_max=1)
    async with served_to_stop(listening) as port:
        first = await listen(port, forwarded_for=b"198.51.100.7")
        assert await status_of(first) == 200
        reader, _ = await listen(port, forwarded_for=b"198.51.100.8")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: 1\r\n" in head
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        (error,) = msgspec.json.decode(await reader.readexactly(length))["errors"]
        assert error == {
            "httpcode": 429,
            "message": "at most 1 pages of one address may be open at once; try again",
        }


async def test_all_streams_end_at_once_when_the_process_stops_and_none_begins() -> None:
    listening = listeners()
    async with served_to_stop(listening) as port:
        streams = [await listen(port) for _ in range(2)]
        for reader, _ in streams:
            await reader.readuntil(b"event: past\n")
        listening.end()
        async with asyncio.timeout(1):
            for reader, _ in streams:
                assert (await reader.readuntil(b"0\r\n\r\n")).endswith(b"0\r\n\r\n"), "the response is complete"
        reader, _ = await listen(port)
        assert (await reader.readline()).startswith(b"HTTP/1.1 503 ")
    assert len(listening) == 0


async def test_a_listener_that_does_not_read_is_dropped_and_one_that_reads_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endings, "TAKE_SECONDS", 0.2)
    listening = listeners()
    piece = event("present", b'"' + b"x" * 60_000 + b'"')
    async with served_to_stop(listening) as port:
        reader, _ = await listen(port)
        with socket.socket() as idle:
            idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            idle.connect((LOCALHOST, port))
            idle.sendall(REQUEST)
            await until(listening, 2)
            async with asyncio.timeout(20):
                while len(listening) > 1:
                    listening.tell(piece)
                    await reader.readuntil(b'x"\n\n')
        listening.tell(event("present", b"2"))
        await reader.readuntil(b"data: 2\n\n")


async def test_a_slow_listener_receives_the_latest_and_nothing_is_kept_for_it() -> None:
    listening = listeners()
    may_take = asyncio.Event()
    taken: list[bytes] = []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            taken.append(message["body"])
            await may_take.wait()

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    stream = asyncio.create_task(listening({"client": (LOCALHOST, 1), "headers": []}, receive, send))
    await until(listening, 1)
    for number in range(1_000):
        listening.tell(b"%d" % number)
        await asyncio.sleep(0)
    may_take.set()
    async with asyncio.timeout(1):
        while len(taken) < 2:
            await asyncio.sleep(0)
    listening.end()
    await stream
    assert taken == [event("past", b"{}"), b"999", b""]
