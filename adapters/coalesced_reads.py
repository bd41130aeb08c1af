"""Reads that wait at the same moment share one call."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, NamedTuple, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class _Waiting(NamedTuple, Generic[Q, A]):
    query: Q
    answer: "asyncio.Future[A]"


class CoalescedReads(Generic[Q, A]):
    """Answers queries through `read`, which answers up to `queries_max` of them in one call, in their order.

    One call is under way at a time. Queries that come meanwhile go into the next call, so that no query is answered
    from a state that is older than itself.
    """

    def __init__(self, read: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], *, queries_max: int) -> None:
        self._read = read
        self._queries_max = queries_max
        self._waiting: deque[_Waiting[Q, A]] = deque()
        self._reading: asyncio.Task[None] | None = None

    async def __call__(self, query: Q) -> A:
        """The answer to `query`. Raises what `read` raises. A cancelled query takes no other query's call away."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(query, answer))
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_on())
        return await answer

    async def close(self) -> None:
        """Cancel the call that is under way, and all queries."""
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def _read_on(self) -> None:
        together: list[_Waiting[Q, A]] = []
        try:
            while together := self._next():
                await self._answer(together)
        except asyncio.CancelledError:
            for _, answer in (*together, *self._waiting):
                answer.cancel()
            self._waiting.clear()
            raise
        finally:
            self._reading = None

    def _next(self) -> list[_Waiting[Q, A]]:
        together: list[_Waiting[Q, A]] = []
        while self._waiting and len(together) < self._queries_max:
            one = self._waiting.popleft()
            if not one.answer.done():  # Its caller has not gone.
                together.append(one)
        return together

    async def _answer(self, together: list[_Waiting[Q, A]]) -> None:
        try:
            answers = await self._read([one.query for one in together])
        except Exception as error:  # noqa: BLE001 - each caller gets it
            for one in together:
                if not one.answer.done():
                    one.answer.set_exception(error)
            return
        for one, answer in zip(together, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)
