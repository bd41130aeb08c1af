"""Each caller sends one request at a time, the callers send the given number, and only a 201 counts."""

import asyncio

import pytest

from bench.closed_loop import closed_loop
from bench.errors import UnexpectedResponse, Unmeasured
from bench.samples import Samples
from tests.http_server import CREATED, REFUSED, Server, serving

REQUESTS = [b"POST /1 HTTP/1.1\r\n\r\n", b"POST /2 HTTP/1.1\r\n\r\n"]


async def measured(server: Server, *, connections: int, count_max: int, seconds_max: float = 30.0) -> Samples:
    return await asyncio.to_thread(
        closed_loop,
        ("127.0.0.1", server.port),
        REQUESTS,
        connections=connections,
        count_max=count_max,
        seconds_max=seconds_max,
    )


@pytest.mark.parametrize(("connections", "count"), [(1, 7), (4, 30), (8, 3)])
async def test_it_sends_the_given_number_of_requests_on_so_many_connections(connections: int, count: int) -> None:
    async with serving(lambda _: CREATED, pause_seconds=0.01) as server:
        samples = await measured(server, connections=connections, count_max=count)
    assert len(samples.each_seconds) == server.requests == count
    assert server.at_work_max <= connections
    assert set(server.paths) == {b"/1", b"/2"}


async def test_each_time_covers_the_whole_response() -> None:
    async with serving(lambda _: CREATED, pause_seconds=0.05) as server:
        samples = await measured(server, connections=2, count_max=6)
    assert min(samples.each_seconds) >= 0.05
    assert samples.total_seconds >= 0.15


async def test_at_the_end_of_its_time_it_waits_for_requests_in_flight_and_sends_no_more() -> None:
    async with serving(lambda _: CREATED, pause_seconds=0.05) as server:
        samples = await measured(server, connections=3, count_max=1_000_000, seconds_max=0.2)
    assert len(samples.each_seconds) == server.requests
    assert 3 <= server.requests <= 15


async def test_any_other_status_than_201_ends_it_with_the_body_in_the_message() -> None:
    async with serving(lambda number: CREATED if number < 5 else REFUSED) as server:
        with pytest.raises(UnexpectedResponse, match="expected 201, got 503: busy"):
            await measured(server, connections=1, count_max=10)


async def test_a_closed_connection_ends_it() -> None:
    def hang_up(number: int) -> bytes:
        if number > 1:
            raise asyncio.IncompleteReadError(b"", None)
        return CREATED

    async with serving(hang_up) as server:
        with pytest.raises(Unmeasured, match="the service closed the connection"):
            await measured(server, connections=1, count_max=2)
