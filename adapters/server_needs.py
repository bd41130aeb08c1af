"""The oldest NATS server that crosshook can use. Every greeting and every answer of a log's leader is checked."""

import re

OLDEST_NATS = (2, 12)
"""An older server ignores the condition on a batch's place, and stores the batch unconditionally."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def complaint_about(version: str) -> str:
    """Why a NATS server of `version` cannot be used, in words; `""` if it can."""
    found = _VERSION.match(version)
    if found and (int(found[1]), int(found[2])) >= OLDEST_NATS:
        return ""
    oldest = ".".join(map(str, OLDEST_NATS))
    return f"NATS {oldest} or newer is needed, this is {version or 'a server that does not say which it is'}"
