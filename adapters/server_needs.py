"""What is needed of a NATS server, checked on what it says of itself: at every greeting, and by whoever leads a log."""

import re

OLDEST_NATS = (2, 12)
"""Before it a server ignores what makes an append conditional in a batch, and stores the batch unconditionally."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def complaint_about(version: str) -> str:
    """Why a NATS server of `version` cannot be used, in words; `""` where it can."""
    found = _VERSION.match(version)
    if found and (int(found[1]), int(found[2])) >= OLDEST_NATS:
        return ""
    oldest = ".".join(map(str, OLDEST_NATS))
    return f"NATS {oldest} or newer is needed, this is {version or 'a server that does not say which it is'}"
