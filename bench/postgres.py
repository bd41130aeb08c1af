"""A PostgreSQL of the bench's own, on a unix socket in a temporary directory, with its data synced at each commit."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console

from bench.errors import Unmeasured
from bench.programs import running, tail_of
from deploy.local.processes.spawning import spawn

PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian has one directory for each version."""

INSTALL = "apt-get install -y postgresql"
CREATE_SECONDS_MAX = 60.0
_USER = "bench"
_PORT = 5432
"""It only names the socket: PostgreSQL does not listen on TCP."""

_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}


def find_postgres(programs: Path = PROGRAMS) -> Path | None:
    """The directory of the newest installed PostgreSQL's programs, or that of the one on PATH. None without one."""
    installed = [path for path in programs.glob("*/bin") if (path / "initdb").is_file() and path.parent.name.isdigit()]
    if installed:
        return max(installed, key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    return None if on_path is None else Path(on_path).resolve().parent


def left_out_without(programs: Path | None, progress: Console) -> list[str]:
    """The line of a report that cannot have PostgreSQL's figures, which is printed too. No line if it is installed."""
    if programs is not None:
        return []
    line = f"PostgreSQL is not installed, so it is left out: {INSTALL}"
    progress.print(line)
    return [line]


def postgres_version(programs: Path) -> str:
    """The version of these programs, such as `15.18`."""
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found above
    found = re.search(r"\d+(\.\d+)*", said)
    return found[0] if found else "unknown"


class Postgres:
    """A running PostgreSQL. `pid` is its postmaster's, whose children do the work."""

    def __init__(self, *, dsn: str, pid: int) -> None:
        self.dsn = dsn
        self.pid = pid


@contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """Create a database, start its server, and end it afterwards. Raises `Unmeasured` unless it starts."""
    user = _unprivileged()
    # Another user may not enter a temporary directory of root's.
    with tempfile.TemporaryDirectory(prefix="crosshook-bench-", dir="/tmp" if user else None) as name:  # noqa: S108 - unguessable
        directory = Path(name)
        if user is not None:
            shutil.chown(directory, user)
        data, environment = directory / "data", {**os.environ, "LC_ALL": "C"}
        _create(programs, data, environment=environment, user=user)
        settings = {**_SETTINGS, "unix_socket_directories": name}
        with running(
            [
                *(str(programs / "postgres"), "-D", str(data)),
                *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
            ],
            what="PostgreSQL",
            directory=directory,
            environment=environment,
            ready=partial(_is_ready, data),
            user=user,
        ) as (_, pid):
            yield Postgres(dsn=f"postgresql://{_USER}@/postgres?host={name}&port={_PORT}", pid=pid)


def _create(programs: Path, data: Path, *, environment: Mapping[str, str], user: str | None) -> None:
    output = data.with_name("initdb")
    options = ["--username", _USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C"]
    command = [str(programs / "initdb"), "--pgdata", str(data), *options]
    made = spawn(command, directory=data.parent, environment=environment, log=output, user=user)
    if made.wait(CREATE_SECONDS_MAX):
        raise Unmeasured(f"initdb failed; the output:\n{tail_of(output)}")


def _unprivileged() -> str | None:
    """The user that runs PostgreSQL in root's place, because PostgreSQL refuses root. None if this is not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _is_ready(data: Path) -> bool | None:
    """True once the last line of the server's lock file is `ready`: pg_ctl waits for the same."""
    lock = data / "postmaster.pid"
    return True if lock.exists() and lock.read_text().split()[-1:] == ["ready"] else None
