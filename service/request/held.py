"""What a request holds until its response is sent, and whether it was let in."""

from collections.abc import Callable


class Held:
    """What one request holds, each under a name: its places among those in flight, and its turn.

    `is_proven` is True once the request's key proved that the request is its organization's.
    """

    __slots__ = ("_free", "is_proven")

    def __init__(self) -> None:
        self._free: dict[str, Callable[[str], None]] = {}
        self.is_proven = False

    def __contains__(self, name: str) -> bool:
        """Whether it holds something under `name`."""
        return name in self._free

    def hold(self, name: str, free: Callable[[str], None]) -> None:
        """Hold something more, which `free` gives back by its name. Nothing is held under `name` yet."""
        self._free[name] = free

    def release(self) -> None:
        """Give everything back, once."""
        while self._free:
            name, free = self._free.popitem()
            free(name)
