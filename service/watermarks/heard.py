"""What a region said of itself."""

from collections.abc import Collection, Mapping

import msgspec

from core.positions import Region, Vector


class Heard(msgspec.Struct, frozen=True):
    """What a region last said of itself, and when that was heard.

    It has no connection to the NATS of any region in `not_connected`, which may be its own. An origin in `waiting` does
    not get on there for now. `refused` is why its Redis takes no writes.
    """

    at_seconds: float
    vector: Vector
    is_current: bool = True
    halted: Mapping[Region, str] = msgspec.field(default_factory=dict)
    not_connected: Collection[Region] = ()
    waiting: Mapping[Region, str] = msgspec.field(default_factory=dict)
    refused: str = ""
