"""Ports that stay reserved while their process is down."""

import errno
import platform
import random
import socket
from pathlib import Path

from deploy.local.errors import InvalidRequest, OtherSystem, PortInUse

LOCALHOST = "127.0.0.1"
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
_TRIES_MAX = 1_000


class Ports:
    """Ports on 127.0.0.1 that no other `Ports` on this machine hands out until this one is closed.

    A server that is down leaves its port unbound. Another run of ours could then take it. A claim on an abstract socket
    of that name prevents this, and the kernel drops the claim with the process. An outgoing connection could take it
    too, even one to that very port. So all ports are below the range that the kernel uses for those.
    """

    def __init__(self) -> None:
        """Raises `OtherSystem`: only Linux has abstract sockets."""
        if platform.system() != "Linux":
            raise OtherSystem(system=platform.system())
        self._claims: list[socket.socket] = []

    def claim_any(self) -> int:
        """A free port. Raises `InvalidRequest` if a thousand tries find none."""
        for _ in range(_TRIES_MAX):
            port = random.randrange(_LOWEST, _ephemeral_from())  # noqa: S311 - spreads runs, guards nothing
            if self._claim(port) and is_free(port):
                return port
        raise InvalidRequest(f"no free port found from {_LOWEST} on; end some of the programs that listen")

    def claim_row(self, count: int) -> int:
        """The first of `count` free ports in a row. Raises `InvalidRequest` if a thousand tries find none."""
        for _ in range(_TRIES_MAX):
            first = self.claim_any()
            if all(self._claim(port) and is_free(port) for port in range(first + 1, first + count)):
                return first
        raise InvalidRequest(f"no {count} free ports in a row found; end some of the programs that listen")

    def claim(self, port: int, *, wanted_by: str, remedy: str) -> int:
        """Claim this port. Raises `PortInUse` with the process that needs the port, and the remedy."""
        if not (self._claim(port) and is_free(port)):
            raise PortInUse(port=port, wanted_by=wanted_by, remedy=remedy)
        return port

    def close(self) -> None:
        """Release all ports."""
        while self._claims:
            self._claims.pop().close()

    def _claim(self, port: int) -> bool:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0crosshook-port-{port}")
        except OSError as error:
            claim.close()
            if error.errno == errno.EADDRINUSE:
                return False
            raise
        self._claims.append(claim)
        return True


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
        except OSError:
            return False
    return True


def _ephemeral_from() -> int:
    """The first port that the kernel gives to outgoing connections."""
    try:
        first = int(_EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        first = 32_768
    return max(first, _LOWEST + _TRIES_MAX)
