"""Reads that wait at the same moment share one call. No read is answered by a call that began before it."""

import asyncio
import itertools
import random
from collections.abc import Sequence

import pytest

from adapters.coalesced_reads import CoalescedReads
from adapters.errors import NotCurrent, Silent, Unavailable


class Server:
    """Answers each query with its number and the number of calls that have begun. A test ends each call.

    A call answers at most `answers_max` queries, and fails with `error`. A query in `bad` fails each call with it.
    """

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.error: BaseException | None = None
        self.bad: set[int] = set()
        self.answers_max = 3
        self._ended: asyncio.Queue[None] = asyncio.Queue()

    async def read(self, queries: Sequence[int]) -> list[tuple[int, int]]:
        self.calls.append(list(queries))
        began = len(self.calls)
        await self._ended.get()
        if self.error is not None:
            raise self.error
        if self.bad.intersection(queries):
            raise ValueError("bad")
        return [(query, began) for query in queries[: self.answers_max]]

    async def end_call(self) -> None:
        self._ended.put_nowait(None)
        await turns()


async def turns() -> None:
    """Let every task run until it waits."""
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


async def test_queries_that_do_not_fit_into_a_call_are_first_in_the_next_one(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    server.answers_max = 2
    tasks = await asked(reads, 1, 2, 3)
    later = await asked(reads, 4)
    await server.end_call()
    await server.end_call()
    assert await asyncio.gather(*tasks, *later) == [(1, 1), (2, 1), (3, 2), (4, 2)]
    assert server.calls == [[1, 2, 3], [3, 4]]


async def test_a_call_without_any_answer_is_an_error_and_not_repeated_forever(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    server.answers_max = 0
    tasks = await asked(reads, 1, 2)
    for _ in range(3):
        await server.end_call()
    for task in tasks:
        with pytest.raises(ValueError, match="without an answer"):
            await task
    assert server.calls == [[1, 2], [1], [2]]


async def test_an_error_reaches_only_the_query_that_causes_it(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    server.bad = {2}
    first, bad, third = await asked(reads, 1, 2, 3)
    later = await asked(reads, 4, 5)
    for _ in range(5):
        await server.end_call()
    assert await asyncio.gather(first, third, *later) == [(1, 2), (3, 4), (4, 5), (5, 5)]
    with pytest.raises(ValueError, match="bad"):
        await bad
    assert server.calls == [[1, 2, 3], [1], [2], [3], [4, 5]]


async def test_a_lost_call_is_made_again_for_each_query(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    tasks = await asked(reads, 1, 2)
    server.error = Unavailable("Redis: gone")
    await server.end_call()
    server.error = None
    await server.end_call()
    await server.end_call()
    assert await asyncio.gather(*tasks) == [(1, 2), (2, 3)]


async def test_a_projection_that_is_not_current_is_none_for_each_query_of_the_call_at_once(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    tasks = await asked(reads, 1, 2)
    later = await asked(reads, 3)
    server.error = NotCurrent("rebuilt")
    await server.end_call()
    for task in tasks:
        with pytest.raises(NotCurrent):
            await task
    server.error = None
    await server.end_call()
    assert await later[0] == (3, 2)


async def test_a_silent_server_fails_every_waiting_query_now_and_the_next_query_is_asked(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    tasks = [*await asked(reads, 1), *await asked(reads, 2, 3, 4, 5, 6)]
    server.error = Silent("Redis: gone")
    await server.end_call()
    for task in tasks:
        with pytest.raises(Silent, match="gone"):
            await task
    server.error = None
    (task,) = await asked(reads, 7)
    await server.end_call()
    assert await task == (7, 2)
    assert server.calls == [[1], [7]]


async def test_a_call_that_is_cancelled_from_within_leaves_no_query_waiting(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    tasks = [*await asked(reads, 1), *await asked(reads, 2)]
    server.error = asyncio.CancelledError()
    await server.end_call()
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task
    server.error = None
    (task,) = await asked(reads, 3)
    await server.end_call()
    assert await task == (3, 2)


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


async def test_closing_ends_a_query_whose_call_has_not_begun(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    task = asyncio.create_task(reads(1))
    await asyncio.sleep(0)
    await reads.close()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert server.calls == []


async def test_a_query_that_comes_while_others_are_being_closed_is_answered(
    server: Server, reads: CoalescedReads[int, tuple[int, int]]
) -> None:
    async def ask_again() -> tuple[int, int]:
        try:
            return await reads(1)
        except asyncio.CancelledError:
            first, second = await asyncio.gather(reads(2), reads(3))
            return min(first, second)

    task = asyncio.create_task(ask_again())
    await turns()
    await reads.close()
    (later,) = await asked(reads, 4)
    await server.end_call()
    await server.end_call()
    assert [*await asyncio.gather(task, later)] == [(2, 2), (4, 3)]
    assert server.calls == [[1], [2, 3], [4]]


@pytest.mark.parametrize("seed", range(40))
async def test_each_query_ends_and_none_is_answered_by_a_call_that_began_before_it(seed: int) -> None:
    """Callers that come and go, and calls that fail, answer in part, or are closed, in random order."""
    chance, moments = random.Random(seed), itertools.count()

    async def read(queries: Sequence[int]) -> list[tuple[int, int]]:
        began = next(moments)
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        errors = [Silent("gone"), NotCurrent("rebuilt"), Unavailable("lost"), asyncio.CancelledError()]
        if chance.random() < 0.3:
            raise chance.choice(errors)
        return [(query, began) for query in queries[: chance.randint(1, len(queries))]]

    reads = CoalescedReads(read, queries_max=4)

    async def ask(query: int) -> bool:
        came = next(moments)
        answered, began = await reads(query)
        return answered == query and came < began

    tasks = []
    for query in range(60):
        tasks.append(asyncio.create_task(ask(query)))
        if chance.random() < 0.5:
            await asyncio.sleep(0)
        if chance.random() < 0.1:
            chance.choice(tasks).cancel()
        if chance.random() < 0.02:
            await reads.close()
    async with asyncio.timeout(10):
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(outcome is True or isinstance(outcome, BaseException) for outcome in outcomes), f"seed {seed}"
    assert any(outcome is True for outcome in outcomes), f"seed {seed}"
