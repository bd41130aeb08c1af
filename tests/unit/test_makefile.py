"""What cannot work is refused in one line, before anything is installed."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(directory: Path, *words: str, system: str) -> "subprocess.CompletedProcess[str]":
    """Run `make` in `directory`, on a machine whose `uname -s` prints `system`, with a Python that is too old."""
    programs = directory / "programs"
    programs.mkdir()
    for name, script in (("uname", f"echo {system}"), ("old-python", "exit 1")):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (directory / name).touch()
    return subprocess.run(  # noqa: S603 - our own Makefile
        ["make", "--no-print-directory", "-f", ROOT / "Makefile", *words, "PYTHON=old-python"],  # noqa: S607 - any make
        cwd=directory,
        env={"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("target", ["up", "test", "test-all", "bench"])
def test_on_another_system_one_line_says_what_to_use(tmp_path: Path, target: str) -> None:
    ended = make(tmp_path, target, system="Darwin")
    line, of_make = ended.stderr.splitlines()
    assert line == (
        f"make {target} needs Linux, and this is Darwin. Docker Compose runs the same regions: docs/tour.md"
    )
    assert of_make.startswith("make: ***")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(("target", "system"), [("up", "Linux"), ("test", "Linux"), ("venv", "Darwin")])
def test_what_can_work_comes_to_the_check_of_the_python(tmp_path: Path, target: str, system: str) -> None:
    ended = make(tmp_path, target, system=system)
    assert ended.stderr.startswith("old-python is not Python 3.11 or newer; name one that is: make PYTHON=")
    assert not (tmp_path / ".venv").exists()
