"""The bytes of unfinished requests that a process holds: one budget, and a share of it for each holder."""

from collections.abc import Sequence

from runtime.refusals import Refusal

SHARES = 4
"""One address, and one API key, may hold this part of the budget."""

Holder = str | bytes
"""An address, or the text of a key. The key is not checked yet, so its organization may be made up."""

_NO_ROOM = Refusal(503, "this process holds too many bytes of unfinished requests; try again", "buffered_bytes")
_NO_SHARE = Refusal(
    429, "too many bytes of unfinished requests come from this address, or with this key; try again", "buffered_share"
)


class Budget:
    """What is held, in all and by each holder. A holder of nothing takes no memory."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._held_by: dict[Holder, int] = {}
        self.held_bytes = 0

    def take(self, holders: Sequence[Holder], count: int) -> Refusal | None:
        """Hold `count` more bytes for each of `holders`. If there is no room for them: nothing, and the refusal."""
        if self.held_bytes + count > self._bytes_max:
            return _NO_ROOM
        if any(self._held_by.get(holder, 0) + count > self._bytes_max // SHARES for holder in holders):
            return _NO_SHARE
        self.held_bytes += count
        for holder in holders:
            self._held_by[holder] = self._held_by.get(holder, 0) + count
        return None

    def give_back(self, holders: Sequence[Holder], count: int) -> None:
        """Undo a `take`."""
        self.held_bytes -= count
        for holder in holders:
            self._held_by[holder] -= count
            if not self._held_by[holder]:
                del self._held_by[holder]
