"""One direction of a long wire, without sockets or a clock: chunks come out later, in the same order."""

from collections import deque
from enum import Enum

CHUNK_OVERHEAD_BYTES = 128
"""The cost of a held chunk besides its bytes, so that the limit also bounds many small chunks."""


class End(Enum):
    """The sender will send no more."""

    END = "end"


END = End.END


class DelayLine:
    """Chunks that come out `delay_seconds` after they went in, never reordered, never lost; none while it is held.

    A change of `delay_seconds` counts for later chunks, which still wait for the earlier ones. The line never refuses a
    chunk: its feeder must stop while `is_full`.
    """

    def __init__(self, *, delay_seconds: float, limit_bytes: int, held: bool = False) -> None:
        self.delay_seconds = delay_seconds
        self.held = held
        self.size_bytes = 0
        self._limit_bytes = limit_bytes
        self._latest_due = 0.0
        self._chunks: deque[tuple[float, bytes | End]] = deque()

    @property
    def is_full(self) -> bool:
        """Whether the line has reached its limit."""
        return self.size_bytes >= self._limit_bytes

    @property
    def has_room(self) -> bool:
        """Whether a feeder that stopped may continue: at half the limit, so that it does not stop at each chunk."""
        return self.size_bytes <= self._limit_bytes // 2

    @property
    def due(self) -> float | None:
        """The time at which the next chunk comes out; None while there is none or the line is held."""
        return self._chunks[0][0] if self._chunks and not self.held else None

    def push(self, chunk: bytes | End, *, now: float) -> None:
        """Add a chunk, or the end."""
        self._latest_due = max(self._latest_due, now + self.delay_seconds)
        self._chunks.append((self._latest_due, chunk))
        self.size_bytes += _cost_bytes(chunk)

    def pop(self, *, now: float) -> bytes | End | None:
        """The next chunk if it is due by `now`."""
        due = self.due
        if due is None or due > now:
            return None
        _, chunk = self._chunks.popleft()
        self.size_bytes -= _cost_bytes(chunk)
        return chunk

    def hold(self) -> None:
        """Let nothing out."""
        self.held = True

    def release(self, *, now: float) -> None:
        """Let chunks out again. Waiting chunks are delayed from now on, as if they had just been sent."""
        self.held = False
        earliest = now + self.delay_seconds
        self._chunks = deque((max(due, earliest), chunk) for due, chunk in self._chunks)
        if self._chunks:
            self._latest_due = max(self._latest_due, earliest)

    def clear(self) -> None:
        """Drop all waiting chunks, because their receiver is gone."""
        self._chunks.clear()
        self.size_bytes = 0


def _cost_bytes(chunk: bytes | End) -> int:
    return CHUNK_OVERHEAD_BYTES + (len(chunk) if isinstance(chunk, bytes) else 0)
