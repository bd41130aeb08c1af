"""A head goes out with what follows it, in order, and waits for nothing longer than a turn of the event loop."""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest

from runtime.transport import TogetherTransport
from tests.unit.runtime.serving import connect, served

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Below(asyncio.Transport):
    """What a transport hands on."""

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


async def test_a_head_goes_out_with_its_body_and_what_else_is_written_at_once(
    together: TogetherTransport, below: Below
) -> None:
    for data in (HEAD, b"{}", b"more", HEAD, b""):
        together.write(data)
    assert below.sent == [HEAD + b"{}", b"more", HEAD]
    await asyncio.sleep(0)
    assert len(below.sent) == 3


async def test_a_head_whose_body_does_not_come_goes_out_when_the_turn_is_over(
    together: TogetherTransport, below: Below
) -> None:
    together.write(HEAD)
    assert below.sent == []
    await asyncio.sleep(0)
    assert below.sent == [HEAD]
    together.write(b"{}")
    assert below.sent == [HEAD, b"{}"]


async def test_what_is_closed_has_sent_its_head_and_what_is_aborted_sends_nothing_more(
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


async def test_where_the_other_side_has_gone_a_head_that_waits_is_dropped(
    together: TogetherTransport, below: Below
) -> None:
    together.write(HEAD)
    below.close()
    await asyncio.sleep(0)
    assert below.sent == [b"closed"]


async def test_an_answer_comes_in_one_piece() -> None:
    async def app(_scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    async with served(app) as port, asyncio.timeout(5):
        reader, writer = await connect(port)
        for _ in range(20):
            writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            answer = await reader.read(4_096)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert answer.endswith(b"\r\n\r\n{}")
