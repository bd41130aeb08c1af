"""Applies runs in their order. Redis has the next run before it has applied the one before, so it need not wait."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import chain
from time import monotonic
from typing import NamedTuple, Protocol

from adapters.apply_result import ApplyResult
from adapters.projection_arguments import Run
from replicator.retry_policy import StoppedAt
from replicator.runs import DecodedRun

UNDER_WAY_MAX = 2
"""So many runs are without a result: Redis applies one and has the next, while this process decodes the one after."""


class Projection(Protocol):
    """Where runs are applied."""

    async def apply(self, run: Run) -> ApplyResult:
        """The result of `run`."""

    def pipeline(self) -> AbstractAsyncContextManager[Callable[[Sequence[Run]], Awaitable[ApplyResult]]]:
        """A callable that sends runs, and returns the result of the first run that is without one."""


class Outcome(NamedTuple):
    """A run, its result, and how long the result took once Redis had the run and no other one before it."""

    run: DecodedRun
    result: ApplyResult
    seconds: float


async def apply_in_order(
    runs: Iterator[DecodedRun], projection: Projection, took: Callable[[Outcome], Awaitable[None]]
) -> None:
    """Apply `runs`, and call `took` with the outcome of each. Raises what `took` raises.

    `StoppedAt` from `runs` is raised after the outcomes of the runs before it. After an error one more run may be under
    way, which Redis applies only if it has applied the one before.
    """
    first = next(runs, None)
    if first is None:
        return
    began = monotonic()
    await took(Outcome(first, await projection.apply(first.to_apply), monotonic() - began))
    second = next(runs, None)
    if second is not None:
        await _pipelined(chain([second], runs), projection, took)


async def _pipelined(
    runs: Iterator[DecodedRun], projection: Projection, took: Callable[[Outcome], Awaitable[None]]
) -> None:
    async with projection.pipeline() as exchange:
        unsent: list[Run] = []
        under_way: deque[DecodedRun] = deque()
        began = 0.0

        async def take_one() -> None:
            nonlocal began
            if len(unsent) == len(under_way):
                began = monotonic()
            result = await exchange(unsent)
            unsent.clear()
            seconds, began = monotonic() - began, monotonic()
            await took(Outcome(under_way.popleft(), result, seconds))

        stopped: StoppedAt | None = None
        try:
            for run in runs:
                unsent.append(run.to_apply)
                under_way.append(run)
                if len(under_way) == UNDER_WAY_MAX:
                    await take_one()
        except StoppedAt as error:
            stopped = error
        while under_way:
            await take_one()
        if stopped is not None:
            raise stopped
