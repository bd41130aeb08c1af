"""The newest installed PostgreSQL is used, and a missing one is no error."""

from pathlib import Path

import pytest

from bench.postgres import find_postgres


def test_of_several_versions_the_newest_that_can_create_a_database_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_postgres(tmp_path) is None
    for version, program in (("9", "initdb"), ("15", "initdb"), ("17", "psql")):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / program).touch(mode=0o755)
    assert find_postgres(tmp_path) == tmp_path / "15" / "bin"


def test_without_debians_packages_the_one_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "initdb").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_postgres(tmp_path / "none") == tmp_path
