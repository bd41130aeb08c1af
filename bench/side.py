"""One side of a measurement: where its requests go, and which processes work for them."""

from collections.abc import Callable, Mapping, Sequence

import msgspec


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Something that answers the measured request.

    `settle` returns once the work after the responses is done. `processor_seconds` returns, for each kind of process,
    the processor time so far.
    """

    name: str
    address: tuple[str, int]
    requests: Sequence[bytes]
    settle: Callable[[], None]
    processor_seconds: Mapping[str, Callable[[], float]]


PRODUCT = "crosshook"
PEER = "PostgreSQL"
PEER_AT_ONCE = "PostgreSQL, one statement"
EMPTY = "empty POST"
