"""A head goes out with the next write, in order, and waits at most until the end of the event loop's turn."""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest

from runtime.transport import TogetherTransport
from tests.unit.runtime.serving import connect, served

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Below(asyncio.Transport):
    """A transport that records what it receives."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.sent.append(b"closed")

    def abort(self) -> None:
        self.sent.append(b"aborted")

    def is_closing(self) -> bool:
        return bool(self.sent) and self.sent[-1] in (b"closed", b"aborted")


@pytest.fixture
async def below() -> Below:
    return Below()


@pytest.fixture
async def together(below: Below) -> TogetherTransport:
    return TogetherTransport(below, asyncio.get_running_loop())


async def test_a_head_goes_out_with_its_body_and_other_writes_go_out_at_once(
    together: TogetherTransport, below: Below
) -> None:
    for data in (HEAD, b"{}", b"more", HEAD, b""):
        together.write(data)
    assert below.sent == [HEAD + b"{}", b"more", HEAD]
    await asyncio.sleep(0)
    assert len(below.sent) == 3


async def test_a_head_without_its_body_goes_out_at_the_end_of_the_turn(
    together: TogetherTransport, below: Below
) -> None:
    together.write(HEAD)
    assert below.sent == []
    await asyncio.sleep(0)
    assert below.sent == [HEAD]
    together.write(b"{}")
    assert below.sent == [HEAD, b"{}"]


async def test_a_close_sends_the_waiting_head_and_an_abort_sends_nothing(
    together: TogetherTransport, below: Below
) -> None:
    together.write(HEAD)
    together.close()
    assert below.sent == [HEAD, b"closed"]
    below.sent.clear()
    together.write(HEAD)
    together.abort()
    await asyncio.sleep(0)
    assert below.sent == [b"aborted"]


async def test_a_head_that_waits_is_dropped_if_the_connection_closes_meanwhile(
    together: TogetherTransport, below: Below
) -> None:
    together.write(HEAD)
    below.close()
    await asyncio.sleep(0)
    assert below.sent == [b"closed"]


async def test_a_response_arrives_in_one_piece() -> None:
    async def app(_scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    async with served(app) as port, asyncio.timeout(5):
        reader, writer = await connect(port)
        for _ in range(20):
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            response = await reader.read(4_096)
            assert response.startswith(b"HTTP/1.1 200 ")
            assert response.endswith(b"\r\n\r\n{}")
