"""Calls of one Redis wait in line while it answers, and fail together if it does not."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from adapters.errors import Silent, Unavailable
from adapters.redis_calls import RedisCalls
from adapters.redis_pool import CLUSTER, Unsuitable


class Server:
    """A Redis whose answers the test gives."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._answers: dict[str, asyncio.Future[str]] = {}

    def call(self, name: str) -> Callable[[], Awaitable[str]]:
        async def asked() -> str:
            self.asked.append(name)
            self._answers[name] = asyncio.get_running_loop().create_future()
            return await self._answers[name]

        return asked

    def answer(self, name: str) -> None:
        self._answers[name].set_result(f"to {name}")

    def fail(self, name: str, error: Exception) -> None:
        self._answers[name].set_exception(error)


@pytest.fixture
def server() -> Server:
    return Server()


async def begun(calls: RedisCalls, server: Server, names: str) -> dict[str, asyncio.Task[str]]:
    """Calls that have advanced as far as they can."""
    tasks = {name: asyncio.create_task(calls(server.call(name))) for name in names}
    await asyncio.sleep(0)
    return tasks


async def finished(tasks: dict[str, asyncio.Task[str]], names: str) -> list[str]:
    """The answers or errors of these calls."""
    results = await asyncio.gather(*(tasks[name] for name in names), return_exceptions=True)
    return [str(result) for result in results]


async def test_a_few_calls_are_made_at_once_and_the_others_in_their_order(server: Server) -> None:
    calls = RedisCalls(2)
    tasks = await begun(calls, server, "abcde")
    assert server.asked == ["a", "b"]
    server.answer("b")
    assert await finished(tasks, "b") == ["to b"]
    late = await begun(calls, server, "f")
    assert server.asked == ["a", "b", "c"], "a late call does not go first"
    for name in "acde":
        server.answer(name)
        assert await finished(tasks, name) == [f"to {name}"]
    server.answer("f")
    assert await finished(late, "f") == ["to f"]
    assert server.asked == [*"abcdef"]


async def test_a_call_that_goes_first_waits_for_a_place_and_not_for_calls_in_line(server: Server) -> None:
    calls = RedisCalls(1)
    tasks = await begun(calls, server, "abc")
    first = {"d": asyncio.create_task(calls(server.call("d"), goes_first=True))}
    await asyncio.sleep(0)
    server.answer("a")
    assert await finished(tasks, "a") == ["to a"]
    await asyncio.sleep(0)
    assert server.asked == ["a", "d"]
    server.answer("d")
    assert await finished(first, "d") == ["to d"]
    await asyncio.sleep(0)
    assert server.asked == ["a", "d", "b"]
    for name in "bc":
        server.answer(name)
        assert await finished(tasks, name) == [f"to {name}"]


@pytest.mark.parametrize("error", [RedisTimeoutError("Timeout reading"), RedisConnectionError("lost"), OSError("gone")])
async def test_a_silent_redis_fails_every_call_in_line(server: Server, error: Exception) -> None:
    calls = RedisCalls(1)
    tasks = await begun(calls, server, "abc")
    server.fail("a", error)
    why = f"{type(error).__name__}: {error}"
    assert await finished(tasks, "abc") == [f"Redis: {why}"] * 3
    assert (server.asked, calls.unanswered) == (["a"], why)
    again = await begun(calls, server, "d")
    server.answer("d")
    assert (await finished(again, "d"), calls.unanswered) == (["to d"], "")


async def test_a_timeout_fails_its_call_and_every_call_in_line_as_silent(server: Server) -> None:
    calls = RedisCalls(1)
    tasks = await begun(calls, server, "ab")
    server.fail("a", RedisTimeoutError("Timeout reading"))
    for task in tasks.values():
        with pytest.raises(Silent):
            await task


async def test_one_failed_call_among_answered_ones_turns_no_other_call_away(server: Server) -> None:
    calls = RedisCalls(2)
    tasks = await begun(calls, server, "abcd")
    server.answer("b")
    await finished(tasks, "b")
    server.fail("a", RedisTimeoutError("Timeout reading"))
    assert await finished(tasks, "a") == ["Redis: TimeoutError: Timeout reading"]
    assert not isinstance(tasks["a"].exception(), Silent)
    assert (server.asked, calls.unanswered) == ([*"abcd"], "")
    server.answer("c")
    server.answer("d")
    assert await finished(tasks, "cd") == ["to c", "to d"]


async def test_an_error_is_an_answer(server: Server) -> None:
    calls = RedisCalls(1)
    tasks = await begun(calls, server, "ab")
    server.fail("a", ResponseError("wrong number of arguments"))
    assert await finished(tasks, "a") == ["Redis: ResponseError: wrong number of arguments"]
    assert (server.asked, calls.unanswered, calls.refused) == (["a", "b"], "", "")
    server.answer("b")
    assert await finished(tasks, "b") == ["to b"]


async def test_a_refusal_is_an_answer_too_and_dials_the_server_anew(server: Server) -> None:
    dialled: list[str] = []

    async def redial() -> None:
        dialled.append("anew")

    calls = RedisCalls(1, redial)
    tasks = await begun(calls, server, "ab")
    server.fail("a", OutOfMemoryError("command not allowed"))
    assert await finished(tasks, "a") == ["Redis: OOM command not allowed"]
    assert (dialled, calls.unanswered, calls.refused) == (["anew"], "", "OOM command not allowed")
    server.answer("b")
    assert await finished(tasks, "b") == ["to b"]
    assert calls.refused, "what was answered may have been a read"
    calls.accepted()
    assert not calls.refused


async def test_a_redis_of_the_wrong_kind_fails_every_call_in_line(server: Server) -> None:
    calls = RedisCalls(1)
    tasks = await begun(calls, server, "ab")
    server.fail("a", Unsuitable(CLUSTER))
    why = "this Redis is a cluster: give crosshook a Redis that has cluster-enabled no"
    assert await finished(tasks, "ab") == [f"Redis: {why}"] * 2
    assert calls.unanswered == why


async def test_a_call_that_is_cancelled_in_line_or_at_its_turn_keeps_no_other_waiting(server: Server) -> None:
    calls = RedisCalls(1)

    async def line_up() -> dict[str, asyncio.Task[str]]:
        tasks = await begun(calls, server, "bcd")
        tasks["b"].cancel()
        server.answer("a")
        return tasks

    lining_up = asyncio.create_task(line_up())
    assert await calls(server.call("a")) == "to a"
    tasks = lining_up.result()
    tasks["c"].cancel()  # Its turn has just begun, and its task has not run since.
    await finished(tasks, "bc")
    await asyncio.sleep(0)
    assert server.asked == ["a", "d"]
    server.answer("d")
    assert await finished(tasks, "d") == ["to d"]
    await is_free_for_one(calls, server)


async def test_a_call_that_is_cancelled_while_it_is_turned_away_keeps_no_place(server: Server) -> None:
    calls = RedisCalls(1)

    async def line_up() -> dict[str, asyncio.Task[str]]:
        tasks = await begun(calls, server, "b")
        server.fail("a", RedisTimeoutError("Timeout reading"))
        return tasks

    lining_up = asyncio.create_task(line_up())
    with pytest.raises(Unavailable):
        await calls(server.call("a"))
    tasks = lining_up.result()
    tasks["b"].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks["b"]
    assert server.asked == ["a"]
    await is_free_for_one(calls, server)


async def is_free_for_one(calls: RedisCalls, server: Server) -> None:
    """A place is free for one call, and not for two."""
    tasks = await begun(calls, server, "yz")
    assert server.asked[-1] == "y"
    server.answer("y")
    await finished(tasks, "y")
    server.answer("z")
    assert await finished(tasks, "z") == ["to z"]
