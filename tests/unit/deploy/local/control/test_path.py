"""Running regions are found where only their user can reach them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.control.client import ask
from deploy.local.control.messages import AskStatus
from deploy.local.control.path import control_path, make_directory, remove_directory_if_empty
from deploy.local.errors import InvalidRequest, NoDemo, NotPrivate


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_only_the_user_can_enter_the_directory_and_it_is_removed_when_empty(runtime: Path) -> None:
    make_directory()
    assert (runtime / "crosshook").stat().st_mode & 0o777 == 0o700
    make_directory()
    remove_directory_if_empty()
    assert list(runtime.iterdir()) == []


def readable(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o755)


def writable(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o777)


def linked(directory: Path) -> None:
    elsewhere = directory.with_name("elsewhere")
    elsewhere.mkdir(mode=0o700)
    directory.symlink_to(elsewhere)


def no_directory(directory: Path) -> None:
    directory.touch(mode=0o600)


@pytest.mark.parametrize("make", [readable, writable, linked, no_directory])
def test_both_sides_refuse_a_directory_that_others_can_use(runtime: Path, make: Callable[[Path], None]) -> None:
    make(runtime / "crosshook")
    with pytest.raises(NotPrivate, match="expected a directory that only you can open"):
        make_directory()
    with pytest.raises(NotPrivate, match="expected a directory that only you can open"):
        ask("demo", AskStatus())


def test_both_sides_refuse_the_directory_of_another_user(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (runtime / "crosshook").mkdir(mode=0o700)
    other = os.getuid() + 1
    monkeypatch.setattr("os.getuid", lambda: other)
    with pytest.raises(NotPrivate):
        make_directory()
    with pytest.raises(NotPrivate):
        ask("demo", AskStatus())


def test_a_client_without_a_directory_finds_no_demo() -> None:
    with pytest.raises(NoDemo, match="does not run"):
        ask("demo", AskStatus())


def test_a_directory_with_another_demo_in_it_stays(runtime: Path) -> None:
    make_directory()
    control_path("other").touch()
    remove_directory_if_empty()
    assert (runtime / "crosshook" / "other.sock").exists()


@pytest.mark.parametrize("name", ["", "../demo", "Demo", "a" * 33, "-a"])
def test_a_name_that_is_not_a_plain_word_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match="the name of a demo: expected 1 to 32 of"):
        control_path(name)


def test_without_a_runtime_directory_of_the_session_it_is_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert control_path("demo").parent.parent == tmp_path
