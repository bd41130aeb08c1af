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

_TRIES_MAX = 1_000


def processor_seconds(pids: Iterable[int]) -> float:
    """The sum over these processes and all their threads, to the nanosecond. Raises `Unmeasured` if one has ended.

    Source: clock_getcpuclockid(3).
    """
    return sum(map(_nanoseconds, pids)) / 1e9


def family_seconds(pid: int) -> float:
    """The sum over a process and its children, also those that have ended. Raises `Unmeasured` if it has ended itself.

    Ended children count to a hundredth of a second. A child that ends meanwhile moves from one figure to the other, so
    the figures are read again.
    """
    for _ in range(_TRIES_MAX):
        ended = _ended_children_seconds(pid)
        try:
            seconds = processor_seconds([pid, *_children(pid)])
        except Unmeasured:
            processor_seconds([pid])
        else:
            if _ended_children_seconds(pid) == ended:
                return seconds + ended
        time.sleep(0.001)
    raise Unmeasured(f"process {pid} has children that end all the time, so its processor time is not known")


def _ended_children_seconds(pid: int) -> float:
    try:
        numbers = _numbers(_PROC / str(pid) / "stat")
    except OSError:
        raise _has_ended(pid) from None
    return (int(numbers[_CHILDREN_USER]) + int(numbers[_CHILDREN_SYSTEM])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> Iterator[int]:
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            parent = int(_numbers(path)[_PARENT])
        except OSError:
            continue  # It has just ended.
        if parent == pid:
            yield int(path.parent.name)


def _numbers(path: Path) -> list[str]:
    """What follows a process's name in its `stat`. The name is in parentheses, and may contain some."""
    return path.read_text().rpartition(")")[2].split()


def _nanoseconds(pid: int) -> int:
    clock = ctypes.c_int()
    if pid > 0 and _LIBC.clock_getcpuclockid(pid, ctypes.byref(clock)) == 0:
        try:
            return time.clock_gettime_ns(clock.value)
        except OSError:
            pass  # The process has just ended.
    raise _has_ended(pid)


def _has_ended(pid: int) -> Unmeasured:
    return Unmeasured(f"process {pid} has ended, so its processor time is not known")
