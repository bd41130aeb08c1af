"""Reads that wait at the same moment share one call."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from adapters.errors import NotCurrent, Silent

Q = TypeVar("Q")
A = TypeVar("A")


class _Waiting(NamedTuple, Generic[Q, A]):
    query: Q
    answer: "asyncio.Future[A]"


class CoalescedReads(Generic[Q, A]):
    """Answers queries through `read`, which takes up to `queries_max` of them in one call, in their order.

    `read` answers the first query, and as many of the next ones as fit. The others go into the next call.
    One call is under way at a time. Queries that come meanwhile go into the next call, so that no query is answered
    from a state that is older than itself.
    """

    def __init__(self, read: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], *, queries_max: int) -> None:
        self._read = read
        self._queries_max = queries_max
        self._waiting: deque[_Waiting[Q, A]] = deque()
        self._asked: list[_Waiting[Q, A]] = []
        self._alone = 0
        self._reading: asyncio.Task[None] | None = None

    async def __call__(self, query: Q) -> A:
        """The answer to `query`. Raises what `read` raises for it. A cancelled query cancels no call of other queries.

        After `Silent`, each waiting query fails now, instead of one time-out after the other.
        """
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(query, answer))
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_on())
        return await answer

    async def close(self) -> None:
        """Cancel the call that is under way, and all queries."""
        reading = self._reading
        if reading is None:
            return
        reading.cancel()
        await asyncio.wait({reading})
        if self._reading is reading:  # It was cancelled before its first step.
            self._end()

    async def _read_on(self) -> None:
        try:
            while self._next():
                await self._ask()
        finally:
            self._end()

    def _end(self) -> None:
        """No call follows: cancel the queries that are left, if any."""
        for _, answer in (*self._asked, *self._waiting):
            answer.cancel()
        self._asked.clear()
        self._waiting.clear()
        self._reading = None

    def _next(self) -> bool:
        """Take the queries of the next call. Returns whether there are any."""
        most = 1 if self._alone else self._queries_max
        self._alone = max(0, self._alone - 1)
        self._asked = []
        while self._waiting and len(self._asked) < most:
            one = self._waiting.popleft()
            if not one.answer.done():  # Its caller has not gone.
                self._asked.append(one)
        return bool(self._asked)

    async def _ask(self) -> None:
        try:
            answers = await self._read([one.query for one in self._asked])
        except Silent as error:
            _fail((*self._asked, *self._waiting), error)
            self._waiting.clear()
        except NotCurrent as error:
            _fail(self._asked, error)
        except Exception as error:  # noqa: BLE001 - the caller gets it
            self._fail_the_cause(error)
        else:
            self._settle(answers)

    def _settle(self, answers: Sequence[A]) -> None:
        if not answers:  # Otherwise the same call would be made again without end.
            self._fail_the_cause(ValueError("a call without an answer"))
            return
        for one, answer in zip(self._asked, answers, strict=False):
            if not one.answer.done():
                one.answer.set_result(answer)
        self._put_back(self._asked[len(answers) :])

    def _fail_the_cause(self, error: Exception) -> None:
        """Fail the query of the call. Of several, any one may be the cause, so each is read again alone."""
        if len(self._asked) == 1:
            _fail(self._asked, error)
        else:
            self._alone = len(self._asked)
            self._put_back(self._asked)

    def _put_back(self, queries: Sequence[_Waiting[Q, A]]) -> None:
        self._waiting.extendleft(reversed(queries))


def _fail(queries: Iterable[_Waiting[Q, A]], error: Exception) -> None:
    for one in queries:
        if not one.answer.done():
            one.answer.set_exception(error)
