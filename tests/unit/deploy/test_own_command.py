"""A message names the command so that it can be pasted."""

import sys
from pathlib import Path

import pytest

from deploy.own_command import own_command


@pytest.fixture(autouse=True)
def _no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `crosshook` is on PATH, and this is not a `crosshook`."""
    monkeypatch.delenv("CROSSHOOK_COMMAND", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(sys, "argv", ["/elsewhere/pytest"])


def program(directory: Path, name: str = "crosshook") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_command_on_the_path_is_named_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program(tmp_path / "bin").parent))
    assert own_command() == "crosshook"


def test_a_command_that_was_started_by_its_path_is_named_by_that_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["my tools/crosshook", "up"])
    assert own_command() == "'my tools/crosshook'"


def test_a_command_below_the_present_directory_is_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / ".venv" / "bin")
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.chdir(tmp_path)
    assert own_command() == ".venv/bin/crosshook"


def test_without_any_command_the_interpreter_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert own_command() == f"{tmp_path}/python -m cli"


def test_a_container_names_the_command_that_runs_it_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSHOOK_COMMAND", "docker compose run --rm crosshook")
    assert own_command() == "docker compose run --rm crosshook"
