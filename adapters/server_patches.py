"""The servers' patched releases: the first of each line without the faults that a login of crosshook can use. Pure.

A server that is older works, and every process warns about it. A later line than all of these has its fixes.
Sources: the advisories named in `FAULTS`, and the release notes of the releases in `PATCHED`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

Version = tuple[int, int, int]

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")


class Kind(StrEnum):
    """A kind of server."""

    NATS = "nats"
    REDIS = "redis"
    VALKEY = "valkey"


NAMES = {Kind.NATS: "NATS", Kind.REDIS: "Redis", Kind.VALKEY: "Valkey"}

PATCHED: Mapping[Kind, tuple[Version, ...]] = {
    Kind.NATS: ((2, 12, 7),),
    Kind.REDIS: ((6, 2, 20), (7, 2, 11), (7, 4, 6), (8, 0, 4), (8, 2, 2)),
    Kind.VALKEY: ((7, 2, 11), (8, 0, 6), (8, 1, 4)),
}
"""The first patched release of each line, the oldest line first. A line between two of these has none."""

_SCRIPTS = "a login that may run scripts can run code in the server (CVE-2025-49844)"
FAULTS = {
    Kind.NATS: "a login can do what it is not permitted to do (CVE-2026-33249, CVE-2026-58251)",
    Kind.REDIS: _SCRIPTS,
    Kind.VALKEY: _SCRIPTS,
}
"""The worst that an older server allows. Every role of crosshook runs scripts, and NATS keeps the roles apart."""


class Server(NamedTuple):
    """A server's kind and version."""

    kind: Kind
    version: Version

    def __str__(self) -> str:
        """Its name and version, as a person writes them."""
        return f"{NAMES[self.kind]} {_text(self.version)}"


def version_in(text: str) -> Version | None:
    """The version at the start of `text`, such as `v2.12.0-RC.1`; None if there is none."""
    found = _VERSION.match(text)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def server_in(info: Mapping[str, str]) -> Server | None:
    """The server that an `INFO` describes; None without a version. Valkey also names the Redis that it resembles."""
    kind, text = Kind.VALKEY, info.get("valkey_version", "")
    if not text:
        kind, text = Kind.REDIS, info.get("redis_version", "")
    version = version_in(text)
    return None if version is None else Server(kind, version)


def patched_release(server: Server) -> Version | None:
    """The release to run at least instead of `server`; None if it has the fixes.

    It is of the same line or, if that line has no patched release, of the next one that has.
    """
    lines = PATCHED[server.kind]
    newer = [release for release in lines if release > server.version]
    is_patched = any(release[:2] == server.version[:2] and release <= server.version for release in lines)
    return None if is_patched or not newer else newer[0]


def warning_about(server: Server) -> str:
    """Why `server` should be replaced, in words; `""` if it has the fixes."""
    release = patched_release(server)
    if release is None:
        return ""
    return f"{server} lacks security fixes: {FAULTS[server.kind]}; run {_text(release)} or a later patched release"


ACCEPTED_FORM = "servers such as redis 7.0.15, nats 2.12.3"


def outdated(servers: Iterable[Server | None], *, accepted: Collection[Server] = ()) -> dict[str, str]:
    """Which of `servers` lack security fixes: kind -> why such a server should be replaced, in words.

    None is a server that was not seen yet. `accepted` are those that have the fixes although their version is older, as
    a distribution's may.
    """
    seen = (server for server in servers if server is not None and server not in accepted)
    return {str(server.kind): warning for server in seen if (warning := warning_about(server))}


def accepted_servers(text: str) -> frozenset[Server]:
    """The servers in `redis 7.0.15, nats 2.12.3`. Raises `ValueError`."""
    return frozenset(_accepted(part) for part in text.split(",") if part.strip())


def _accepted(text: str) -> Server:
    kind, version = text.split()
    found = _VERSION.fullmatch(version)
    if found is None or found[3] is None:
        raise ValueError(f"{version} is not a version of three numbers")
    return Server(Kind(kind), (int(found[1]), int(found[2]), int(found[3])))


def _text(version: Version) -> str:
    return ".".join(map(str, version))
