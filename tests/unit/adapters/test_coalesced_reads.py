"""Reads that wait at the same moment share one call, and none is answered from before it came."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.coalesced_reads import CoalescedReads
from adapters.errors import Unavailable


class Server:
    """Answers each query with its number, and with how many calls had begun by then. A test ends each call."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.fails = False
        self._ended: asyncio.Queue[None] = asyncio.Queue()

    async def read(self, queries: Sequence[int]) -> list[tuple[int, int]]:
        self.calls.append(list(queries))
        began = len(self.calls)
        await self._ended.get()
        if self.fails:
            raise Unavailable("Redis: gone")
        return [(query, began) for query in queries]

    async def end_call(self) -> None:
        self._ended.put_nowait(None)
        await turns()


async def turns() -> None:
    """Let everything happen that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def asked(reads: CoalescedReads[int, tuple[int, int]], *queries: int) -> list["asyncio.Task[tuple[int, int]]"]:
    tasks = [asyncio.create_task(reads(query)) for query in queries]
    await turns()
    return tasks


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def reads(server: Server) -> CoalescedReads[int, tuple[int, int]]:
    return CoalescedReads(server.read, queries_max=3)


async def test_queries_at_one_moment_share_a_call_and_each_gets_its_own_answer(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    tasks = await asked(reads, 1, 2, 3)
    await server.end_call()
    assert await asyncio.gather(*tasks) == [(1, 1), (2, 1), (3, 1)]
    assert server.calls == [[1, 2, 3]]


async def test_queries_that_come_during_a_call_share_the_next_one(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    first = await asked(reads, 1)
    later = await asked(reads, 2, 3)
    await server.end_call()
    assert await first[0] == (1, 1)
    await server.end_call()
    assert await asyncio.gather(*later) == [(2, 2), (3, 2)], "answered by a call that began after they came"
    assert server.calls == [[1], [2, 3]]


async def test_a_call_answers_no_more_than_its_maximum(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    tasks = await asked(reads, 1, 2, 3, 4, 5)
    await server.end_call()
    await server.end_call()
    await asyncio.gather(*tasks)
    assert server.calls == [[1, 2, 3], [4, 5]]


async def test_a_cancelled_query_disturbs_no_other_and_is_not_asked_if_it_was_waiting(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    asking, other = await asked(reads, 1, 2)
    waiting, last = await asked(reads, 3, 4)
    asking.cancel()
    waiting.cancel()
    await turns()
    await server.end_call()
    assert await other == (2, 1)
    await server.end_call()
    assert await last == (4, 2)
    assert server.calls == [[1, 2], [4]]


async def test_an_error_reaches_every_query_of_the_call_and_the_next_call_is_made(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    tasks = await asked(reads, 1, 2)
    later = await asked(reads, 3)
    server.fails = True
    await server.end_call()
    for task in tasks:
        with pytest.raises(Unavailable, match="gone"):
            await task
    server.fails = False
    await server.end_call()
    assert await later[0] == (3, 2)


async def test_after_all_were_answered_a_new_query_makes_a_new_call(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    for number in (1, 2):
        (task,) = await asked(reads, number)
        await server.end_call()
        assert await task == (number, number)


async def test_closing_ends_the_call_and_every_query(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    tasks = [*await asked(reads, 1), *await asked(reads, 2)]
    await reads.close()
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task
    assert server.calls == [[1]]
