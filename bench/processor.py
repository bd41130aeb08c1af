"""How long the processor has worked for a process."""

import ctypes
import time
from collections.abc import Iterable

from bench.errors import Unmeasured

_LIBC = ctypes.CDLL(None)


def processor_seconds(pids: Iterable[int]) -> float:
    """For these processes, all of their threads together, to the nanosecond. Raises `Unmeasured` if one is gone.

    Source: clock_getcpuclockid(3).
    """
    return sum(map(_nanoseconds, pids)) / 1e9


def _nanoseconds(pid: int) -> int:
    clock = ctypes.c_int()
    if pid > 0 and _LIBC.clock_getcpuclockid(pid, ctypes.byref(clock)) == 0:
        try:
            return time.clock_gettime_ns(clock.value)
        except OSError:
            pass  # It has just ended.
    raise Unmeasured(f"process {pid} is gone, and what it had cost with it")
