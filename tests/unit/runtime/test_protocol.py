"""The bounds of a connection, on real sockets with shortened times."""

import asyncio
import json
import os
import resource
import signal
import socket
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any

import pytest
from prometheus_client import REGISTRY

from runtime import endings, protocol, server, transport
from runtime.buffering import HEAD_BYTES_MAX, PIECE_BYTES
from runtime.protocol import PIPELINED_MAX
from service.http.envelope import failure
from tests.unit.runtime.serving import LOCALHOST, Streams, connect, reset, served, takes

GET = b"GET / HTTP/1.1\r\nHost: here\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\n"
END = b"\r\n"


class App:
    """Reads the whole body, then answers with `size` bytes, at once or when the test allows it."""

    def __init__(self, *, size: int = 2) -> None:
        self.size = size
        self.asked = 0
        self.disconnected = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(
        self, _scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        self.asked += 1
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected += 1
                return
            if not message["more_body"]:
                break
        await self.may_answer.wait()
        length = str(self.size).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for start in range(0, self.size, 100_000):
            body = b"." * min(100_000, self.size - start)
            await send({"type": "http.response.body", "body": body, "more_body": start + 100_000 < self.size})


def closed(reason: str) -> float:
    return REGISTRY.get_sample_value("crosshook_connections_closed_total", {"reason": reason}) or 0


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


async def answered(streams: Streams, request: bytes) -> None:
    reader, writer = streams
    writer.write(request)
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        await reader.readexactly(2)


async def is_closed(streams: Streams) -> bool:
    """Whether the server closes it without a response."""
    try:
        async with asyncio.timeout(5):
            return await streams[0].read() == b""
    except ConnectionError:
        return True


async def refusal(streams: Streams) -> tuple[int, dict[str, str], str]:
    """The status, headers and message of the last response, in the service's envelope."""
    async with asyncio.timeout(5):
        head, _, body = (await streams[0].read()).partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    message = json.loads(body)["errors"][0]["message"]
    number = int(status.split()[1])
    assert body == failure(number, message).body
    assert headers["content-length"] == str(len(body))
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert headers["cache-control"] == "no-store"
    return number, headers, message


@pytest.mark.parametrize(
    "head",
    [
        GET + b"Cookie: " + b"x" * HEAD_BYTES_MAX + END + END,
        GET + b"Cookie: " + b"x" * (HEAD_BYTES_MAX + PIECE_BYTES),
        GET + b"X: y\r\n" * (HEAD_BYTES_MAX // 2),
        b"GET /" + b"x" * HEAD_BYTES_MAX,
        b"\r\n" * HEAD_BYTES_MAX,
    ],
    ids=["whole", "one header", "many headers", "target", "empty lines"],
)
async def test_a_head_that_is_too_large_returns_431_and_closes_the_connection(head: bytes) -> None:
    app, before = App(), closed("head_bytes")
    async with served(app) as port:
        streams = await connect(port)
        for start in range(0, len(head), 8_000):
            streams[1].write(head[start : start + 8_000])
        try:
            status, _, message = await refusal(streams)
            assert (status, message) == (431, "head: expected at most 65536 bytes")
        except ConnectionError:
            pass  # Bytes that arrive after the close reset the connection, and the reset can discard the response.
        await until(lambda: closed("head_bytes") == before + 1)
        await answered(await connect(port), GET + b"Cookie: " + b"x" * 60_000 + END + END)
    assert app.asked == 1


async def test_a_head_that_was_refused_for_its_size_is_not_served_when_its_end_arrives() -> None:
    app, before = App(), closed("head_bytes")
    app.may_answer.clear()
    async with served(app) as port:
        streams = await connect(port)
        streams[1].write(GET + END)
        await until(lambda: app.asked == 1)
        streams[1].write(GET + b"Cookie: " + b"x" * (HEAD_BYTES_MAX + PIECE_BYTES))
        await until(lambda: closed("head_bytes") == before + 1)
        streams[1].write(END + END)
        await takes(port)
        app.may_answer.set()
        with suppress(
            ConnectionError
        ):  # Bytes that arrive after the close reset the connection, and the reset can discard the response.
            await asyncio.wait_for(streams[0].read(), 5)
    assert app.asked == 1


@pytest.mark.parametrize("tail", [b"5;" + b"x" * HEAD_BYTES_MAX, b"0\r\nX: " + b"x" * HEAD_BYTES_MAX])
async def test_bytes_between_parts_of_a_body_are_bounded_like_a_head(tail: bytes) -> None:
    app, before = App(), closed("head_bytes")
    async with served(app) as port:
        streams = await connect(port)
        streams[1].write(POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
        await until(lambda: app.asked == 1)
        streams[1].write(tail)
        assert (await refusal(streams))[0] == 431
        await until(lambda: app.disconnected == 1)
    assert closed("head_bytes") == before + 1


async def test_the_bound_of_a_head_does_not_apply_to_a_body_of_any_size_in_any_pieces() -> None:
    app = App()
    async with served(app) as port:
        streams = await connect(port)
        body = b"." * (4 * HEAD_BYTES_MAX)
        await answered(streams, POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        pieces = b"1\r\n.\r\n" * HEAD_BYTES_MAX
        await answered(streams, POST + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n")
        await answered(streams, GET + END)


async def test_a_head_that_stays_incomplete_closes_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    app, before = App(), closed("head_seconds")
    async with served(app, drain_seconds=5) as port:
        half, again = [await connect(port) for _ in range(2)]
        half[1].write(GET)
        await answered(again, GET + END)
        again[1].write(GET)
        assert all([await is_closed(streams) for streams in (half, again)])
        await until(lambda: closed("head_seconds") >= before + 2)
    assert app.asked == 1


async def test_a_connection_without_requests_is_closed_after_the_idle_time() -> None:
    app, before = App(), closed("idle_seconds")
    async with served(app, idle_seconds=0.2) as port:
        idle, again, blank = [await connect(port) for _ in range(3)]
        await answered(again, GET + END)
        blank[1].write(END)
        assert all([await is_closed(streams) for streams in (idle, again, blank)])
        await until(lambda: closed("idle_seconds") >= before + 3)
    assert app.asked == 1


async def test_a_head_that_has_begun_is_not_idle() -> None:
    app, loop = App(), asyncio.get_running_loop()
    async with served(app, idle_seconds=0.3) as port:
        streams = await connect(port)
        streams[1].write(GET)
        end = loop.time() + 0.6
        await until(lambda: loop.time() > end)
        await answered(streams, END)


async def test_a_client_that_waits_for_a_response_or_sends_the_next_request_in_time_is_not_cut_off() -> None:
    app, loop = App(), asyncio.get_running_loop()
    async with served(app, idle_seconds=1.0) as port:
        streams, end = await connect(port), loop.time() + 1.2
        while loop.time() < end:
            await answered(streams, GET + END)
            await asyncio.sleep(0.02)
        app.may_answer.clear()
        loop.call_later(1.2, app.may_answer.set)
        await answered(streams, GET + END)
        await answered(streams, GET + END)


async def test_a_connection_with_an_unread_body_is_closed_soon_although_its_client_sends_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "LINGER_SECONDS", 0.1)

    async def refusing(_scope: object, _receive: object, send: Callable[..., Any]) -> None:
        await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with served(refusing) as port, asyncio.timeout(5):
        reader, writer = await connect(port)
        writer.write(POST + b"Content-Length: 1000000000\r\n\r\n")
        assert (await reader.read()).endswith(b"connection: close\r\n\r\n")
        with pytest.raises(ConnectionError):
            await send_on(writer)


async def send_on(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"." * 1_000)
        await writer.drain()
        await asyncio.sleep(0.01)


async def test_one_connection_too_many_gets_503_with_retry_after() -> None:
    app, before = App(), closed("connections")
    async with served(app, connections_max=2) as port:
        first = await let_in(port)
        await let_in(port)
        status, headers, message = await refusal(await connect(port))
        assert (status, headers["retry-after"]) == (503, "1")
        assert message == "this process has too many connections; try again"
        await until(lambda: closed("connections") >= before + 1)
        first[1].close()
        await let_in(port)


LIVEZ = b"GET /livez HTTP/1.1\r\nHost: here\r\n"


async def test_only_livez_is_answered_beyond_the_limit() -> None:
    app = App()
    async with served(app, connections_max=2) as port:
        for _ in range(2):
            await let_in(port)
        asked = app.asked
        for number in range(protocol.SPARE_CONNECTIONS * 2):
            reader, writer = await connect(port)
            writer.write(LIVEZ + END)
            assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 200 "), number
            writer.close()
            streams = await connect(port)
            streams[1].write(GET + END)
            assert (await refusal(streams))[0] == 503
            streams[1].close()
        assert app.asked == asked + protocol.SPARE_CONNECTIONS * 2


async def test_silent_clients_cannot_occupy_the_spare_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "SPARE_SECONDS", 0.5)
    async with served(App(), connections_max=1) as port:
        await let_in(port)
        silent = [await connect(port) for _ in range(protocol.SPARE_CONNECTIONS)]
        status, _, _ = await refusal(await connect(port))
        assert status == 503
        for streams in silent:
            assert (await refusal(streams))[0] == 503
            streams[1].close()
        async with asyncio.timeout(5):
            while True:
                reader, writer = await connect(port)
                writer.write(LIVEZ + END)
                with suppress(ConnectionError):
                    if (await reader.read()).startswith(b"HTTP/1.1 200 "):
                        return
                await asyncio.sleep(0.05)


async def test_one_address_has_a_number_of_connections_and_others_are_served() -> None:
    app, before = App(), closed("address_connections")
    async with served(app, address_connections_max=2) as port:
        first = await let_in(port)
        await let_in(port)
        streams = await connect(port)
        streams[1].write(GET + END)
        status, headers, message = await refusal(streams)
        assert (status, headers["retry-after"]) == (429, "1")
        assert message == "this address has too many connections to this process; try again"
        await until(lambda: closed("address_connections") >= before + 1)
        await answered(await connect(port, source="127.0.0.2"), GET + END)
        reader, writer = await connect(port)
        writer.write(LIVEZ + END)
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 200 ")
        first[1].close()
        await let_in(port)


async def test_connections_of_a_trusted_proxy_count_for_its_clients_while_they_are_asked_for() -> None:
    app = App()
    one, other = (GET + b"X-Forwarded-For: spoofed, 198.51.100.%d\r\n" % number for number in (1, 2))
    async with served(app, address_connections_max=2, trusted_proxies=1) as port:
        app.may_answer.clear()
        waiting = [await connect(port) for _ in range(2)]
        for _, writer in waiting:
            writer.write(one + END)
        await until(lambda: app.asked == 2)
        refused = await connect(port)
        refused[1].write(one + END)
        assert (await refusal(refused))[0] == 429
        idle = await connect(port)
        idle[1].write(other + END)
        await until(lambda: app.asked == 3)
        app.may_answer.set()
        for reader, _ in (*waiting, idle):
            assert (await reader.readuntil(END + END)).startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(2)
        for streams in (*waiting, idle):
            await answered(streams, other + END)


async def test_connections_are_limited_by_the_number_of_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, found: limits.append(found))
    monkeypatch.setattr(server, "FILES_RESERVED", 4096 - 1)
    async with served(App(), connections_max=20_000) as port:
        assert limits == [(1024, 4096), (4096, 4096)]
        await let_in(port)
        status, _, _ = await refusal(await connect(port))
        assert status == 503


async def let_in(port: int) -> Streams:
    """A connection that is served, as soon as there is room for it."""
    async with asyncio.timeout(5):
        while True:
            reader, writer = await connect(port)
            writer.write(GET + END)
            with suppress(ConnectionError):
                if (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 "):
                    await reader.readexactly(2)
                    return reader, writer
            await asyncio.sleep(0.01)


async def test_bytes_that_are_not_http_return_400_in_the_envelope() -> None:
    async with served(App()) as port:
        streams = await connect(port)
        streams[1].write(b"what?\r\n\r\n")
        assert (await refusal(streams))[0] == 400


async def test_the_requests_that_wait_on_one_connection_are_limited() -> None:
    app, before = App(), closed("pipelined")
    app.may_answer.clear()
    async with served(app) as port:
        streams = await connect(port)
        streams[1].write((GET + END) * (PIPELINED_MAX + 1))
        await until(lambda: app.asked == 1)
        app.may_answer.set()
        await until(lambda: app.asked == PIPELINED_MAX + 1)
        app.may_answer.clear()
        streams[1].write((GET + END) * (PIPELINED_MAX + 2))
        await until(lambda: closed("pipelined") == before + 1)
        app.may_answer.set()


async def test_the_first_request_without_a_response_notices_that_its_client_has_left() -> None:
    told: list[str] = []

    async def app(scope: MutableMapping[str, Any], receive: Callable[..., Any], _send: Callable[..., Any]) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        told.append(scope["path"])

    async with served(app) as port:
        _, writer = await connect(port)
        writer.write((GET + END).replace(b"/ ", b"/first ") + GET + END)
        await takes(port)
        reset(writer)
        await until(lambda: told == ["/first"])


async def test_a_client_that_does_not_read_a_response_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "TAKE_SECONDS", 0.1)
    before = closed("take_seconds")
    with socket.socket() as slow:
        async with served(App(size=50_000_000), drain_seconds=5) as port:
            slow.setblocking(False)  # noqa: FBT003 - the socket's own
            loop = asyncio.get_running_loop()
            await loop.sock_connect(slow, (LOCALHOST, port))
            await loop.sock_sendall(slow, GET + END)
            await until(lambda: closed("take_seconds") == before + 1)


async def test_a_client_that_reads_a_response_slowly_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "TAKE_SECONDS", 1)
    size = 20_000_000
    async with served(App(size=size)) as port:
        reader, writer = await connect(port)
        writer.write(GET + b"Connection: close\r\n\r\n")
        async with asyncio.timeout(20):
            await reader.readuntil(b"\r\n\r\n")
            got = 0
            while got < size:
                got += len(await reader.read(1_000_000))
                await asyncio.sleep(0.005)
    assert got == size


async def test_a_stopping_server_waits_for_no_head_and_only_briefly_for_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "BODY_GRACE_SECONDS", 0.2)
    app, loop = App(), asyncio.get_running_loop()
    async with served(app, drain_seconds=30) as port:
        idle, half_head, answered_once, half_body, whole_later = [await connect(port) for _ in range(5)]
        half_head[1].write(GET)
        await answered(answered_once, GET + END)
        answered_once[1].write(GET)
        for _, writer in (half_body, whole_later):
            writer.write(POST + b"Content-Length: 3\r\n\r\n{")
        await until(lambda: app.asked == 3)
        os.kill(os.getpid(), signal.SIGTERM)
        told = loop.time()
        async with asyncio.timeout(5):
            while await takes(port):
                await asyncio.sleep(0.01)
        await answered(whole_later, b" }")
        assert (await refusal(half_body))[::2] == (
            503,
            "body: it did not arrive before this process stopped; try again",
        )
        assert all([await is_closed(streams) for streams in (idle, half_head, answered_once, whole_later)])
    assert loop.time() < told + 3
    assert app.disconnected == 1


async def test_a_stopping_server_answers_the_requests_before_an_incomplete_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "BODY_GRACE_SECONDS", 0.1)
    app, before = App(), closed("body_grace_seconds")
    app.may_answer.clear()
    async with served(app, drain_seconds=30) as port:
        reader, writer = await connect(port)
        writer.write(GET + END + POST + b"Content-Length: 3\r\n\r\n{")
        await until(lambda: app.asked == 1)
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: closed("body_grace_seconds") == before + 1)
        app.may_answer.set()
        said = await asyncio.wait_for(reader.read(), 5)
    assert [said.count(b"HTTP/1.1 %d " % status) for status in (200, 503)] == [1, 1]
