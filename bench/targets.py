"""What the figures should reach. Pure."""

import msgspec


class Target(msgspec.Struct, frozen=True):
    """A limit, in the unit of its figure. A figure reaches it from below, unless `is_least`."""

    limit: float
    is_least: bool = False

    def is_reached(self, figure: float) -> bool:
        """Whether the figure is good enough."""
        return figure >= self.limit if self.is_least else figure <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.limit:g}"


TRIGGER_REDIS_BYTES = Target(120)
EVENT_LOG_BYTES = Target(300)
REBUILD_RATIO = Target(0.6, is_least=True)
CATCH_UP_SECONDS = Target(4)
WAITING_MEBIBYTES = Target(180)
