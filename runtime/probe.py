"""`python -m runtime.probe`: checks whether the process at `CROSSHOOK_LISTEN` is ready. For containers.

The exit code is 0 or 1. It needs no shell and no other program. It imports little, because a container engine runs it
every few seconds beside every process.
"""

import os
import socket
import sys
import time
from collections.abc import Mapping

_SECONDS_MAX = 2.0
_BYTES_MAX = 64 << 10
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - a process there also listens on 127.0.0.1


def local_host(host: str) -> str:
    """Where a process that listens on `host` is reached from its own machine."""
    return "127.0.0.1" if host in _EVERYWHERE else host


def is_ready(variables: Mapping[str, str]) -> tuple[bool, str]:
    """Whether `/readyz` returns 200 within 2 s, and its response or the reason why there is none."""
    listen = variables.get("CROSSHOOK_LISTEN", "")
    try:
        head, _, body = response_of(listen, "/readyz").partition(b"\r\n\r\n")
    except (OSError, ValueError) as error:
        return False, f"no response at CROSSHOOK_LISTEN, {listen!r}: {error}"
    return head.split(b" ", 2)[1:2] == [b"200"], (body or head).decode(errors="replace")


def response_of(listen: str, path: str, *, bytes_max: int = _BYTES_MAX) -> bytes:
    """All bytes of the response until the server closes. Raises `OSError`, also at the deadline, and `ValueError`."""
    host, _, port = listen.rpartition(":")
    place = (local_host(host.removeprefix("[").removesuffix("]")), int(port))
    deadline = time.monotonic() + _SECONDS_MAX
    with socket.create_connection(place, timeout=_SECONDS_MAX) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        response = b""
        while len(response) < bytes_max:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            part = connection.recv(_BYTES_MAX)
            if not part:
                break
            response += part
        return response


def report(variables: Mapping[str, str]) -> int:
    """Print the response, which the container engine keeps, and return the exit code."""
    ready, words = is_ready(variables)
    print(words)  # noqa: T201 - the engine shows it as the reason why a container is not healthy
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(report(os.environ))
