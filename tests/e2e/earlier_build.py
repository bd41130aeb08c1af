"""An earlier build of this repository, whose processes run in the present Python environment."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from deploy.local.processes.http_process import HttpProcess

ROOT = Path(__file__).parents[2]
BEFORE_FRAMES = "b1b110dcac7429e69a964555393667b56330ec4e"
BEFORE_RESTRICTED_KEYS = "d55b655d23871aaccaec0a6b3c2da4e32e1dabc3"


def earlier_build(commit: str, into: Path) -> Path:
    """The files of `commit`, in the directory `into`."""
    command = ["git", "archive", "--format=tar", commit]
    archived = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - as a person would
    if archived.returncode:
        why = archived.stderr.decode(errors="replace").strip()
        pytest.fail(f"no commit {commit[:7]} here ({why}): git fetch --unshallow", pytrace=False)
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
        archive.extractall(into, filter="data")
    return into


def settings_of(build: Path) -> dict[str, str]:
    """The settings with which a process runs `build`."""
    return {"PYTHONPATH": str(build)}


async def upgrade(process: HttpProcess) -> None:
    """Replace a process of an earlier build by one of this build, and wait until it is ready."""
    await process.stop()
    process.settings.pop("PYTHONPATH")
    await process.start()
    await process.wait_ready()
