"""The last announcement of a region."""

from collections.abc import Collection, Mapping

import msgspec

from core.positions import Region, Vector


class Heard(msgspec.Struct, frozen=True):
    """The last announcement of a region, and when it was received (monotonic seconds).

    The region has no connection to the NATS of the regions in `not_connected`, which may include itself. It does not
    advance in the origins in `waiting` for now. `refused` is why its Redis takes no writes.
    """

    at_seconds: float
    vector: Vector
    is_current: bool = True
    halted: Mapping[Region, str] = msgspec.field(default_factory=dict)
    not_connected: Collection[Region] = ()
    waiting: Mapping[Region, str] = msgspec.field(default_factory=dict)
    refused: str = ""
