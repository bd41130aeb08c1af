"""A data directory is closed to other users, unless it may be shared on purpose."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.data import data_directory
from deploy.local.errors import NotPrivate
from deploy.local.private import open_log


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes_in(directory: Path) -> dict[str, int]:
    return {
        str(path.relative_to(directory.parent)): path.lstat().st_mode & 0o777
        for path in (directory, *directory.rglob("*"))
    }


def opened(directory: Path) -> None:
    with data_directory(directory, regions=["us-iowa"], nats_servers=1):
        pass


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    opened(tmp_path / "new")
    assert modes_in(tmp_path / "new") == {"new": 0o700}


def test_an_empty_directory_becomes_private(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty").chmod(0o775)
    opened(tmp_path / "empty")
    assert modes_in(tmp_path / "empty") == {"empty": 0o700}


def test_a_directory_of_an_earlier_version_becomes_private_with_all_in_it(tmp_path: Path) -> None:
    data = a_directory(tmp_path / "data", mode=0o755)
    secret = a_file(tmp_path / "elsewhere", mode=0o644)
    for path in (data / "us-iowa", data / "us-iowa" / "logs"):
        a_directory(path, mode=0o755)
    a_file(data / "us-iowa" / "topology.toml", mode=0o644)
    a_file(data / "us-iowa" / "nats.conf", mode=0o600)
    a_file(data / "us-iowa" / "logs" / "nats.log", mode=0o664)
    (data / "us-iowa" / "link").symlink_to(secret)
    opened(data)
    assert modes_in(data) == {
        "data": 0o700,
        "data/us-iowa": 0o700,
        "data/us-iowa/link": 0o777,
        "data/us-iowa/logs": 0o700,
        "data/us-iowa/logs/nats.log": 0o600,
        "data/us-iowa/nats.conf": 0o600,
        "data/us-iowa/topology.toml": 0o600,
    }
    assert secret.stat().st_mode & 0o777 == 0o644, "a link is not followed"


def test_a_directory_with_other_files_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    home = a_directory(tmp_path / "home", mode=0o755)
    a_file(home / "letter", mode=0o644)
    with pytest.raises(NotPrivate, match="home: expected a directory that only you can open"):
        opened(home)
    assert modes_in(home) == {"home": 0o755, "home/letter": 0o644}


def test_a_directory_that_all_users_can_write_to_is_refused(tmp_path: Path) -> None:
    shared = a_directory(tmp_path / "shared", mode=0o777)
    with pytest.raises(NotPrivate):
        opened(shared)
    assert modes_in(shared) == {"shared": 0o777}


def test_a_log_is_private_and_no_link(tmp_path: Path) -> None:
    log = a_file(tmp_path / "log", mode=0o666)
    os.close(open_log(log))
    os.close(open_log(tmp_path / "new"))
    assert [path.stat().st_mode & 0o777 for path in (log, tmp_path / "new")] == [0o600, 0o600]
    (tmp_path / "link").symlink_to(log)
    with pytest.raises(OSError, match="symbolic links"):
        open_log(tmp_path / "link")


def a_directory(path: Path, *, mode: int) -> Path:
    path.mkdir()
    path.chmod(mode)
    return path


def a_file(path: Path, *, mode: int) -> Path:
    path.touch()
    path.chmod(mode)
    return path
