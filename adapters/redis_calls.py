"""Calls of one Redis: a few at once, in the order in which they were asked for, and what it raises in our words."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import RedisError, ResponseError

from adapters.errors import Unavailable
from adapters.redis_pool import Unsuitable
from adapters.redis_refusals import refusal_in

T = TypeVar("T")


async def _stay_connected() -> None:
    """For calls over a connection that cannot be dialled anew."""


class RedisCalls:
    """`at_once` calls at most; others stand in line, however long, as long as Redis answers.

    A connection pool's own line ends after a time that passes also where Redis answers everybody, and does not serve
    first who came first. `unanswered` is why Redis did not answer when it was last asked, `""` where it did, whatever
    it said. `refused` is why it refused a call because of its state, as a full Redis refuses writes, until `accepted`.
    Each refusal calls `redial`: the address may lead to another server by now.
    """

    def __init__(self, at_once: int, redial: Callable[[], Awaitable[None]] = _stay_connected) -> None:
        self._free = at_once
        self._redial = redial
        self._line: deque[asyncio.Future[str]] = deque()
        self._answers = 0
        self.unanswered = ""
        self.refused = ""

    def accepted(self) -> None:
        """Take in that Redis has done what it is there for."""
        self.refused = ""

    async def __call__(self, call: Callable[[], Awaitable[T]]) -> T:
        """What `call` returns, made when it is its turn.

        Raises `Unavailable`: what Redis raised, or that it has not answered those who went before.
        """
        await self._turn()
        answers_before = self._answers
        try:
            answer = await call()
        except (RedisError, OSError) as error:
            refused = refusal_in(error)
            why = refused or _in_words(error)
            if refused:
                self.refused = refused
                await self._redial()
            if isinstance(error, ResponseError):
                self._is_heard()
            elif self._answers == answers_before:
                self._is_silent(why)
            raise _unavailable(why) from error
        else:
            self._is_heard()
            return answer
        finally:
            self._pass_on()

    async def _turn(self) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            why_not = await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and not turn.result():
                self._pass_on()
            raise
        if why_not:
            raise _unavailable(why_not)

    def _pass_on(self) -> None:
        """Give the place to who has stood in line longest."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result("")
                return
        self._free += 1

    def _is_heard(self) -> None:
        self._answers += 1
        self.unanswered = ""

    def _is_silent(self, why: str) -> None:
        """Have nobody in line find out by himself, one time-out after the other."""
        self.unanswered = why
        for turn in self._line:
            if not turn.done():
                turn.set_result(why)
        self._line.clear()


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, Unsuitable) else f"{type(error).__name__}: {error}"


def _unavailable(why: str) -> Unavailable:
    return Unavailable(f"Redis: {why}")
