"""The memory that a process has."""

import resource
from pathlib import Path

from bench.errors import Unmeasured

MEBIBYTE = 1 << 20


def resident_bytes(pid: int) -> int:
    """The physical memory of a process. Raises `Unmeasured` if it has ended. Source: proc_pid_statm(5)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        raise Unmeasured(f"process {pid} has ended, so its memory is not known") from None
    return pages * resource.getpagesize()
