"""`make` refuses what cannot work in one line, before it installs anything."""

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
def test_on_another_system_one_line_names_docker_compose(tmp_path: Path, target: str) -> None:
    ended = make(tmp_path, target, system="Darwin")
    line, of_make = ended.stderr.splitlines()
    assert line == (
        f"make {target} needs Linux, and this is Darwin. Docker Compose runs the same regions: docs/tour.md"
    )
    assert of_make.startswith("make: ***")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(("target", "system"), [("up", "Linux"), ("test", "Linux"), ("venv", "Darwin")])
def test_on_linux_the_next_check_is_that_of_the_python(tmp_path: Path, target: str, system: str) -> None:
    ended = make(tmp_path, target, system=system)
    assert ended.stderr.startswith("old-python is not Python 3.11 or newer; name one that is: make PYTHON=")
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["test"], ["4"]),
        (["test-all"], ["3", "--whole", "--programs"]),
        (["check", "WHOLE=yes"], ["3", "--whole", "--programs"]),
        (["check", "WHOLE=rest"], ["3", "--rest"]),
        (["test-all", "WORKERS=2"], ["2", "--whole", "--programs"]),
    ],
)
def test_pytest_runs_as_much_as_was_asked_for_on_as_many_workers(
    tmp_path: Path, words: list[str], options: list[str]
) -> None:
    printed = make(tmp_path, "--dry-run", *words, system="Linux").stdout
    (of_pytest,) = (line.split() for line in printed.splitlines() if "-m pytest" in line)
    workers = of_pytest[of_pytest.index("--numprocesses") + 1]
    assert [workers, *(word for word in of_pytest if word in {"--whole", "--programs", "--rest"})] == options
