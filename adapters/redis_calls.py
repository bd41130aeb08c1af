"""Calls of one Redis: a few at once, first come first served, with its errors translated."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import RedisError, ResponseError

from adapters.errors import Silent, Unavailable
from adapters.redis_pool import Unsuitable
from adapters.redis_refusals import refusal_in

T = TypeVar("T")


async def _stay_connected() -> None:
    """Stands in for `redial` if connections cannot be dialled anew."""


class RedisCalls:
    """Makes at most `at_once` calls at a time. Other calls wait in line as long as Redis answers.

    A call that `goes_first` waits for the next place that is free, and for no other call in line.
    A connection pool's own line has a time-out, even if Redis answers every call, and no order.
    `unanswered` is why Redis did not answer the last call; `""` if it did, even with an error. `refused` is why its
    state made it refuse a call, as a full Redis refuses writes; it lasts until `accepted`.
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
        """Record that Redis accepts calls again."""
        self.refused = ""

    async def __call__(self, call: Callable[[], Awaitable[T]], *, goes_first: bool = False) -> T:
        """Make `call` at its turn and return its result. Of calls that go first, make one at a time.

        Raises `Unavailable` with the error of Redis. Raises `Silent` if Redis answered neither it nor a later call, or
        no call before it.
        """
        await self._turn(goes_first=goes_first)
        answers_before = self._answers
        try:
            answer = await call()
        except (RedisError, OSError) as error:
            refused = refusal_in(error)
            why = refused or in_words(error)
            if refused:
                self.refused = refused
                await self._redial()
            if isinstance(error, ResponseError):
                self._is_heard()
            elif self._answers == answers_before:
                self._is_silent(why)
                raise Silent(_message(why)) from error
            raise Unavailable(_message(why)) from error
        else:
            self._is_heard()
            return answer
        finally:
            self._pass_on()

    async def _turn(self, *, goes_first: bool) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if goes_first:
            self._line.appendleft(turn)
        else:
            self._line.append(turn)
        try:
            why_not = await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and not turn.result():
                self._pass_on()
            raise
        if why_not:
            raise Silent(_message(why_not))

    def _pass_on(self) -> None:
        """Give the place to the call that has waited longest."""
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
        """Fail every call in line now, instead of one time-out after the other."""
        self.unanswered = why
        for turn in self._line:
            if not turn.done():
                turn.set_result(why)
        self._line.clear()


def in_words(error: Exception) -> str:
    """Why Redis did not do what it was asked."""
    return str(error) if isinstance(error, Unsuitable) else f"{type(error).__name__}: {error}"


def _message(why: str) -> str:
    return f"Redis: {why}"
