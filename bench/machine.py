"""The machine that is measured, and the versions of what runs on it."""

import os
import platform
import subprocess
import timeit
from importlib.metadata import version
from pathlib import Path
from time import process_time

import msgspec

from bench.postgres import postgres_version
from bench.regions import TREE
from deploy.local.errors import ServerMissing
from deploy.local.processes.servers import find_servers

_PACKAGES = ("litestar", "uvicorn", "uvloop", "asyncpg", "nats-py", "redis")
_PROCESSORS = Path("/proc/cpuinfo")
_PYTHON_LOOP = "[str(number) for number in range(100_000) if {number: number}.get(number) is not None]"


class Machine(msgspec.Struct, frozen=True):
    """The machine that was measured. `load` is the one-minute average before the first request.

    `python_milliseconds` is the time of a fixed loop of Python. One version's builds differ by a third in it: those
    without profile-guided optimisation are slower, and nothing in a build says so.
    """

    cpus: int
    python: str
    load: float
    python_milliseconds: float = 0.0
    processor: str = ""
    system: str = ""
    versions: dict[str, str] = {}


def this_machine(*, postgres: Path | None = None) -> Machine:
    """This machine and its load now. `postgres` is the directory of PostgreSQL's programs, if it is measured."""
    load, _, _ = os.getloadavg()
    return Machine(
        cpus=os.cpu_count() or 1,
        python=platform.python_version(),
        load=round(load, 2),
        python_milliseconds=_python_milliseconds(),
        processor=_processor(),
        system=f"{platform.system()} {platform.release()}",
        versions=_versions(postgres),
    )


def _python_milliseconds() -> float:
    """The fastest of several turns: what disturbs a turn only makes it slower."""
    return round(1000 * min(timeit.repeat(_PYTHON_LOOP, timer=process_time, number=1, repeat=7)), 1)


def _processor() -> str:
    try:
        lines = _PROCESSORS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def _commit() -> str:
    """The version, and the commit if this is a worktree. `dirty`: with changes that are in no commit."""
    command = ["git", "-C", str(TREE), "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - git on PATH
    except OSError:
        said = ""
    return f"{version('crosshook')} {said}".strip()


def _versions(postgres: Path | None) -> dict[str, str]:
    found = {"crosshook": _commit(), **{package: version(package) for package in _PACKAGES}}
    try:
        servers = find_servers()
    except ServerMissing:
        pass  # The regions do not start either, and say so.
    else:
        programs = {"nats-server": servers.nats, "redis-server": servers.redis}
        found |= {name: ".".join(map(str, program.version)) for name, program in programs.items()}
    return found if postgres is None else {**found, "postgres": postgres_version(postgres)}
