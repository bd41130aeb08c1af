"""Before anything is installed every check has passed, and the installation shows its progress."""

from pathlib import Path

import pytest

from deploy.environment import obstacle, progress

NEW, OLD = (3, 13), (3, 12)


def with_program(directory: Path, name: str) -> dict[str, str]:
    """An environment whose PATH has one program."""
    (directory / name).write_text("#!/bin/sh\n")
    (directory / name).chmod(0o755)
    return {"PATH": str(directory)}


def test_a_python_without_a_redis_package_and_without_a_redis_is_refused_with_what_to_install(tmp_path: Path) -> None:
    reason = obstacle(NEW, {"PATH": str(tmp_path)}, can_make=True)
    assert "no Redis package for Python 3.13" in reason
    assert "sudo apt-get install redis-server" in reason
    assert "brew install redis" in reason
    assert "make PYTHON=python3.12 up" in reason


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_redis_on_the_path_is_enough(tmp_path: Path, name: str) -> None:
    assert obstacle(NEW, with_program(tmp_path, name), can_make=True) == ""


def test_a_redis_that_the_environment_names_is_enough(tmp_path: Path) -> None:
    with_program(tmp_path, "my-redis")
    variables = {"PATH": "", "CROSSHOOK_REDIS_SERVER": str(tmp_path / "my-redis")}
    assert obstacle(NEW, variables, can_make=True) == ""


def test_a_python_with_a_redis_package_needs_no_other_redis(tmp_path: Path) -> None:
    assert obstacle(OLD, {"PATH": str(tmp_path)}, can_make=True) == ""


def test_a_python_that_cannot_make_an_environment_is_refused_with_what_to_install() -> None:
    assert "sudo apt-get install python3-venv" in obstacle(OLD, {}, can_make=False)


def test_the_progress_counts_the_packages_of_the_lock_file() -> None:
    lines = [
        "Ignoring colorama: markers 'sys_platform == \"win32\"' don't match your environment",
        "Collecting anyio==4.16.0 (from -r requirements.lock (line 1))",
        "  Downloading anyio-4.16.0-py3-none-any.whl",
        "Requirement already satisfied: click==8.1 in .venv",
        "Installing collected packages: anyio",
    ]
    shown = ["1 of 3 packages", "2 of 3 packages", "3 of 3 packages", "installing the packages"]
    assert list(progress(lines, packages=3)) == shown
