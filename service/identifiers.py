"""New identifiers."""

import secrets
import time
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62


def new_identifier() -> str:
    """A UUIDv7: 48 bits of the time in milliseconds, 74 random ones. Source: RFC 9562, section 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    random_high, random_low = secrets.randbits(12), secrets.randbits(62)
    return str(UUID(int=milliseconds << 80 | _VERSION_7 | random_high << 64 | _VARIANT | random_low))
