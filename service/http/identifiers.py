"""Identifiers: new ones, and those that callers name."""

import re
import secrets
import time
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def new_identifier() -> str:
    """A UUIDv7: 48 bits of the time in milliseconds, 74 random ones. Source: RFC 9562, section 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    random_high, random_low = secrets.randbits(12), secrets.randbits(62)
    return str(UUID(int=milliseconds << 80 | _VERSION_7 | random_high << 64 | _VARIANT | random_low))


def uuid_in(text: str) -> str | None:
    """The UUID that `text` is, in lower case, or None."""
    return text.lower() if _UUID.fullmatch(text) else None
