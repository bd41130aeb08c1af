"""Returns memory that the process no longer uses to the system.

glibc keeps freed memory for later. It returns the end of its heap only, and one small block there keeps all below it.
"""

import asyncio
import ctypes
import resource
from pathlib import Path

LOOK_SECONDS = 5.0

WORTH_BYTES = 8 * 1024 * 1024
"""It takes 1 to 2 ms for each mebibyte, and the event loop may wait meanwhile. So little is left alone."""


_MEMBERS = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]


class _Heap(ctypes.Structure):
    """`struct mallinfo2` of glibc 2.33 or newer: only `fordblks`, the free bytes, is used."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _MEMBERS)


class FreeMemory:
    """The free memory of this process. Without glibc there is none to return."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self._is_glibc = hasattr(library, "mallinfo2")
        if self._is_glibc:
            self._trim, self._look = library.malloc_trim, library.mallinfo2
            self._look.restype = _Heap
        self._resident_bytes_least = resident_bytes()

    def is_worth_returning(self) -> bool:
        """Whether the process has grown by `WORTH_BYTES` since it was smallest, and as much is free."""
        if not self._is_glibc:
            return False
        resident = resident_bytes()
        self._resident_bytes_least = min(resident, self._resident_bytes_least)
        has_grown = resident >= self._resident_bytes_least + WORTH_BYTES
        return has_grown and self._look().fordblks >= WORTH_BYTES

    def give_back(self) -> None:
        """Return it. What remains is used, and counts as the smallest size from now on."""
        self._trim(0)
        self._resident_bytes_least = resident_bytes()


async def return_free_memory() -> None:
    """Return what is worth it, as long as this is not cancelled."""
    memory = FreeMemory()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if memory.is_worth_returning():
            await asyncio.to_thread(memory.give_back)


def resident_bytes() -> int:
    """The physical memory of this process; 0 where Linux's `/proc` is missing."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()
