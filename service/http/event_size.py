"""How large the event of a request can be, and whether this region's NATS takes it."""

import structlog

from adapters.connection import Connection

log = structlog.get_logger()

EVENT_BYTES_PER_BODY_BYTE = 5
"""The event of a keyed change has what it sets, and what its author saw of the rest: a name, a description and a
`target_url` of a body each, and `custom_headers` as JSON within JSON, whose quotes count twice."""

ENVELOPE_BYTES_MAX = 4_096
"""Ids, stamps, names of members, and the headers of a message."""


def event_bytes_max(body_bytes_max: int) -> int:
    """The most bytes that a message with an event has, where a request's body has at most `body_bytes_max`."""
    return EVENT_BYTES_PER_BODY_BYTE * body_bytes_max + ENVELOPE_BYTES_MAX


async def check_each_server(connection: Connection, *, body_bytes_max: int) -> None:
    """Log a warning on each session whose server takes less than an event can have, until cancelled."""
    needed = event_bytes_max(body_bytes_max)
    while True:
        session = await connection.session()
        if session.bytes_max < needed:
            log.warning(
                "max_payload too small",
                max_payload=session.bytes_max,
                event_bytes_max=needed,
                consequence="a request whose event is larger is answered 413",
            )
        await session.wait_lost()
