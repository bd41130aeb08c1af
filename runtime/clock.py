"""The clock of a process."""

import time

import msgspec


class Clock(msgspec.Struct, frozen=True):
    """The machine's clock, with an offset for tests of skewed clocks."""

    offset_milliseconds: int = 0

    def now_milliseconds(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000 + self.offset_milliseconds
