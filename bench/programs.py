"""Programs that the bench starts and ends: the regions, the peers and PostgreSQL."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from bench.errors import Unmeasured
from deploy.local.processes.spawning import spawn

READY_SECONDS_MAX = 60.0
END_SECONDS_MAX = 30.0
_POLL_SECONDS = 0.05
_OUTPUT_SHOWN = 2_000

T = TypeVar("T")


@contextmanager
def running(
    command: Sequence[str],
    *,
    what: str,
    directory: Path,
    environment: Mapping[str, str],
    ready: Callable[[], T | None],
    user: str | None = None,
) -> Iterator[tuple[T, int]]:
    """Start a program, and end it with SIGTERM afterwards. Yields what `ready` returned, and the process id.

    Raises `Unmeasured` with the program's output unless `ready` returns something within `READY_SECONDS_MAX`.
    """
    with tempfile.TemporaryDirectory(prefix="crosshook-bench-") as name:
        output = Path(name) / "output"
        process = spawn(command, directory=directory, environment=environment, log=output, user=user)
        try:
            yield _ready(process, ready, what=what, output=output), process.pid
        finally:
            _end(process)


def _ready(process: subprocess.Popen[bytes], ready: Callable[[], T | None], *, what: str, output: Path) -> T:
    until = time.monotonic() + READY_SECONDS_MAX
    while process.poll() is None and time.monotonic() < until:
        if (found := ready()) is not None:
            return found
        time.sleep(_POLL_SECONDS)
    raise Unmeasured(f"{what} did not become ready; the output:\n{tail_of(output)}")


def tail_of(output: Path) -> str:
    """The end of a program's output."""
    return output.read_text(encoding="utf-8", errors="replace")[-_OUTPUT_SHOWN:]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
