"""`crosshook probe --secrets`: waits until a process uses its files of logins and certificates as they are now."""

import re
import time
from collections.abc import Mapping
from pathlib import Path

from runtime.probe import response_of
from runtime.secret_names import CREDENTIALS, TLS, WRITTEN

SECONDS_MAX = 30.0
_POLL_SECONDS = 0.2
_WRITTEN = re.compile(rf"^{WRITTEN} (\S+)$".encode(), re.MULTILINE)


def waited(variables: Mapping[str, str], *, seconds_max: float = SECONDS_MAX) -> tuple[bool, str]:
    """Whether the process at `CROSSHOOK_LISTEN` uses its files within this time, and words about it."""
    deadline = time.monotonic() + seconds_max
    try:
        files = [Path(variables[name]) for name in (CREDENTIALS, *TLS) if variables.get(name)]
        written = max((file.stat().st_mtime_ns for file in files), default=0) / 1e9
    except OSError as error:
        return False, str(error)
    while True:
        try:
            found = _WRITTEN.search(response_of(variables.get("CROSSHOOK_LISTEN", ""), "/metrics", bytes_max=4 << 20))
        except (OSError, ValueError) as error:
            why = f"no response at CROSSHOOK_LISTEN: {error}"
        else:
            if found and float(found[1]) >= written:
                return True, "the process uses its logins and certificates as they are now"
            why = "the process does not use its new logins or certificates; its log says why"
        if time.monotonic() >= deadline:
            return False, why
        time.sleep(_POLL_SECONDS)
