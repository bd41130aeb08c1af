"""`python -m runtime.probe`: whether the process that `CROSSHOOK_LISTEN` is set for is ready. For containers.

The exit code is 0 or 1. It needs no shell and no other program, and imports little: it is run every few seconds.
"""

import http.client
import os
import sys
from collections.abc import Mapping

_SECONDS_MAX = 2.0
_BYTES_MAX = 64 << 10
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a process listens that listens everywhere


def is_ready(variables: Mapping[str, str]) -> tuple[bool, str]:
    """Whether `/readyz` answers 200 within 2 s, and its answer or why there is none."""
    host, _, port = variables.get("CROSSHOOK_LISTEN", "").rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        connection = http.client.HTTPConnection(_EVERYWHERE.get(host, host), int(port), timeout=_SECONDS_MAX)
        try:
            connection.request("GET", "/readyz")
            with connection.getresponse() as answer:
                return answer.status == http.HTTPStatus.OK, answer.read(_BYTES_MAX).decode(errors="replace")
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return False, f"no answer at CROSSHOOK_LISTEN, {host}:{port}: {error}"


if __name__ == "__main__":
    _is_ready, _words = is_ready(os.environ)
    print(_words)  # noqa: T201 - the engine keeps it, for whoever asks why a container is not healthy
    sys.exit(not _is_ready)
