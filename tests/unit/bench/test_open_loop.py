"""Requests leave at their rate, and a time begins when its request is due."""

import asyncio

import pytest

from bench.errors import UnexpectedResponse
from bench.open_loop import open_loop
from bench.samples import Samples
from tests.http_server import CREATED, REFUSED, Server, serving

REQUESTS = [b"POST /1 HTTP/1.1\r\n\r\n", b"POST /2 HTTP/1.1\r\n\r\n"]


async def measured(server: Server, *, connections: int, per_second: float, seconds: float) -> Samples:
    return await asyncio.to_thread(
        open_loop,
        ("127.0.0.1", server.port),
        REQUESTS,
        connections=connections,
        per_second=per_second,
        seconds=seconds,
    )


async def test_it_sends_at_its_rate_and_waits_for_every_response() -> None:
    async with serving(lambda _: CREATED) as server:
        samples = await measured(server, connections=8, per_second=100, seconds=0.3)
    assert len(samples.each_seconds) == server.requests == 30
    assert samples.total_seconds >= 0.29
    assert set(server.paths) == {b"/1", b"/2"}


async def test_slow_responses_do_not_hold_back_later_requests() -> None:
    async with serving(lambda _: CREATED, pause_seconds=0.3) as server:
        await measured(server, connections=20, per_second=100, seconds=0.1)
    assert server.at_work_max == 10


async def test_a_request_that_waits_for_a_connection_counts_its_wait() -> None:
    async with serving(lambda _: CREATED, pause_seconds=0.1) as server:
        samples = await measured(server, connections=1, per_second=1_000, seconds=0.005)
    assert server.at_work_max == 1
    assert max(samples.each_seconds) >= 0.45


async def test_any_other_status_than_201_ends_it() -> None:
    async with serving(lambda number: CREATED if number < 3 else REFUSED) as server:
        with pytest.raises(UnexpectedResponse, match="expected 201, got 503: busy"):
            await measured(server, connections=2, per_second=1_000, seconds=0.1)
