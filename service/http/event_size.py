"""The largest event of a request, and whether this region's NATS accepts it."""

import structlog

from adapters.connection import Connection

log = structlog.get_logger()

EVENT_BYTES_PER_BODY_BYTE = 5
"""The event of a keyed change has the new fields, and the other fields as its author saw them.

Each of name, description and `target_url` can be as large as a body. `custom_headers` is JSON within JSON, whose quotes
count twice.
"""

ENVELOPE_BYTES_MAX = 4_096
"""The bytes of ids, stamps, names of members, and the headers of a message."""


def event_bytes_max(body_bytes_max: int) -> int:
    """The most bytes that a message with an event has, where a request's body has at most `body_bytes_max`."""
    return EVENT_BYTES_PER_BODY_BYTE * body_bytes_max + ENVELOPE_BYTES_MAX


async def check_each_server(connection: Connection, *, body_bytes_max: int) -> None:
    """Log a warning for each session whose server accepts less than the largest event, until cancelled."""
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
