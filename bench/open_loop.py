"""Requests that are sent at a fixed rate, whether or not earlier ones have their responses.

A time begins when its request is due, so that a request that waits for a free connection counts its wait.
"""

import selectors
import time
from collections import deque
from collections.abc import Sequence
from itertools import cycle

from bench.closed_loop import ANSWER_SECONDS_MAX, Caller, callers
from bench.errors import Unmeasured
from bench.samples import Samples


def open_loop(
    address: tuple[str, int], requests: Sequence[bytes], *, connections: int, per_second: float, seconds: float
) -> Samples:
    """Send `requests` over and over, `per_second`, for `seconds`, on at most this many connections.

    At the end it waits for the requests in flight. Raises `Unmeasured` for a response other than 201, or for none.
    """
    upcoming = cycle(requests)
    count = max(1, round(per_second * seconds))
    each_seconds: list[float] = []
    with callers(address, connections) as (selector, all_callers):
        idle = deque(all_callers)
        due_seconds: dict[Caller, float] = {}
        begin, sent = time.perf_counter(), 0
        while len(each_seconds) < count:
            now = time.perf_counter()
            while idle and sent < count and begin + sent / per_second <= now:
                caller = idle.popleft()
                due_seconds[caller] = begin + sent / per_second
                caller.send(next(upcoming))
                sent += 1
            is_waiting = bool(idle) and sent < count
            pause_seconds = begin + sent / per_second - time.perf_counter() if is_waiting else ANSWER_SECONDS_MAX
            ready = selector.select(max(0.0, pause_seconds))
            if not ready and not is_waiting:
                raise Unmeasured(f"no response within {ANSWER_SECONDS_MAX:g} s")
            for caller in _answered(ready):
                each_seconds.append(time.perf_counter() - due_seconds.pop(caller))
                idle.append(caller)
        return Samples(each_seconds=each_seconds, total_seconds=time.perf_counter() - begin)


def _answered(ready: Sequence[tuple[selectors.SelectorKey, int]]) -> list[Caller]:
    """The callers whose response is complete."""
    return [key.data for key, _ in ready if key.data.receive() is not None]
