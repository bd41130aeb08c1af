"""The bytes of unfinished requests, on real sockets."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from runtime.budget import SHARES
from runtime.buffering import PIECE_BYTES
from tests.unit.runtime.serving import Streams, connect, served
from tests.unit.runtime.test_protocol import END, GET, POST, App, answered, closed, refusal, until

SHARE = 100_000
UNFINISHED = POST + b"Content-Length: 200000\r\n"
BODY = END + b"." * 60_000


def held() -> float:
    return REGISTRY.get_sample_value("crosshook_buffered_bytes") or 0


async def half(port: int, request: bytes, *, source: str = "127.0.0.1", sum_bytes: int) -> Streams:
    """A connection that sent half a request, once the process holds so many bytes."""
    streams = await connect(port, source=source)
    streams[1].write(request)
    await until(lambda: sum_bytes <= held() < sum_bytes + 1_000)
    return streams


@pytest.mark.parametrize("request_", [UNFINISHED + BODY, GET + b"X: " + b"x" * 60_000], ids=["body", "head"])
async def test_one_address_holds_a_share_and_others_have_room(request_: bytes) -> None:
    before = closed("buffered_share")
    async with served(App(), buffered_bytes_max=SHARES * SHARE) as port:
        first = await half(port, request_, sum_bytes=60_000)
        second = await connect(port)
        second[1].write(request_)
        status, headers, _ = await refusal(second)
        assert (status, headers["retry-after"]) == (429, "1")
        assert closed("buffered_share") == before + 1
        other = await half(port, request_, source="127.0.0.2", sum_bytes=120_000)
        for _, writer in (first, other):
            writer.close()
        await until(lambda: held() == 0)
        await half(port, request_, sum_bytes=60_000)


async def test_one_key_holds_a_share_from_all_addresses_together() -> None:
    async with served(App(), buffered_bytes_max=SHARES * SHARE, key_headers=(b"key",)) as port:
        for source, key, sum_bytes in (("127.0.0.1", b"a", 60_000), ("127.0.0.2", b"b", 120_000)):
            await half(port, UNFINISHED + b"Key: " + key + END + BODY, source=source, sum_bytes=sum_bytes)
        third = await connect(port, source="127.0.0.3")
        third[1].write(UNFINISHED + b"Key: a\r\n" + BODY)
        assert (await refusal(third))[0] == 429


async def test_all_together_hold_the_budget_and_whole_requests_need_no_room() -> None:
    before = closed("buffered_bytes")
    async with served(App(), buffered_bytes_max=SHARES * SHARE) as port:
        for number in range(1, SHARES + 1):
            await half(port, UNFINISHED + END + b"." * 90_000, source=f"127.0.0.{number}", sum_bytes=90_000 * number)
        late = await connect(port, source="127.0.0.9")
        late[1].write(UNFINISHED + BODY)
        status, headers, message = await refusal(late)
        assert (status, headers["retry-after"]) == (503, "1")
        assert message == "this process holds too many bytes of unfinished requests; try again"
        assert closed("buffered_bytes") == before + 1
        await answered(await connect(port), POST + b"Content-Length: 3000\r\n\r\n" + b"." * 3_000)


async def test_a_body_in_many_pieces_counts_until_it_is_whole() -> None:
    async with served(App(), buffered_bytes_max=SHARES * SHARE) as port:
        for _ in range(3):
            streams = await connect(port)
            streams[1].write(POST + b"Content-Length: 90000\r\n\r\n")
            for count in range(1, 9):
                streams[1].write(b"." * 10_000)
                await until(lambda sum_bytes=count * 10_000: held() >= sum_bytes)  # type: ignore[misc]
            await answered(streams, b"." * 10_000)
            assert held() == 0


async def test_requests_behind_an_unanswered_one_count_until_they_are_answered() -> None:
    app = App()
    app.may_answer.clear()
    async with served(app, buffered_bytes_max=SHARES * SHARE) as port:
        reader, writer = await connect(port)
        writer.write(GET + END + POST + b"Content-Length: 50000\r\n\r\n" + b"." * 50_000)
        await until(lambda: held() >= 50_000 - PIECE_BYTES)
        app.may_answer.set()
        async with asyncio.timeout(5):
            for _ in range(2):
                assert (await reader.readuntil(END + END)).startswith(b"HTTP/1.1 200 ")
                await reader.readexactly(2)
        await until(lambda: held() == 0)
