"""The processor time that a process has used."""

import ctypes
import time
from collections.abc import Iterable

from bench.errors import Unmeasured

_LIBC = ctypes.CDLL(None)


def processor_seconds(pids: Iterable[int]) -> float:
    """The sum over these processes and all their threads, to the nanosecond. Raises `Unmeasured` if one has ended.

    Source: clock_getcpuclockid(3).
    """
    return sum(map(_nanoseconds, pids)) / 1e9


def _nanoseconds(pid: int) -> int:
    clock = ctypes.c_int()
    if pid > 0 and _LIBC.clock_getcpuclockid(pid, ctypes.byref(clock)) == 0:
        try:
            return time.clock_gettime_ns(clock.value)
        except OSError:
            pass  # The process has just ended.
    raise Unmeasured(f"process {pid} has ended, so its processor time is not known")
