"""The processor time that a process has used."""

import ctypes
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.errors import Unmeasured

_LIBC = ctypes.CDLL(None)
_PROC = Path("/proc")
_PARENT, _CHILDREN_USER, _CHILDREN_SYSTEM = 1, 13, 14
"""Places of these numbers after a process's name in `/proc/PID/stat` (proc(5))."""


def processor_seconds(pids: Iterable[int]) -> float:
    """The sum over these processes and all their threads, to the nanosecond. Raises `Unmeasured` if one has ended.

    Source: clock_getcpuclockid(3).
    """
    return sum(map(_nanoseconds, pids)) / 1e9


def family_seconds(pid: int) -> float:
    """The sum over a process and its children, also those that have ended. Raises `Unmeasured` if it has ended itself.

    Ended children count to a hundredth of a second.
    """
    seconds = processor_seconds([pid])
    for child, numbers in _statistics():
        if child == pid:
            ended = int(numbers[_CHILDREN_USER]) + int(numbers[_CHILDREN_SYSTEM])
            seconds += ended / os.sysconf("SC_CLK_TCK")
        elif int(numbers[_PARENT]) == pid:
            try:
                seconds += processor_seconds([child])
            except Unmeasured:
                continue  # It has just ended. Its parent counts it from now on.
    return seconds


def _statistics() -> Iterator[tuple[int, list[str]]]:
    """The id of every process, and what follows its name in its `stat`."""
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue  # It has just ended.
        # The name is in parentheses, and may contain some.
        yield int(path.parent.name), text.rpartition(")")[2].split()


def _nanoseconds(pid: int) -> int:
    clock = ctypes.c_int()
    if pid > 0 and _LIBC.clock_getcpuclockid(pid, ctypes.byref(clock)) == 0:
        try:
            return time.clock_gettime_ns(clock.value)
        except OSError:
            pass  # The process has just ended.
    raise Unmeasured(f"process {pid} has ended, so its processor time is not known")
