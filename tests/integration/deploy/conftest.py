"""Stand-ins for the service and the replicator: these tests are about the regions, not about what runs there."""

import shutil
from pathlib import Path

import pytest

STAND_IN = Path(__file__).parents[2] / "unit" / "deploy" / "local" / "processes" / "stand_in.py"


@pytest.fixture
def stand_ins(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m service` and `python -m replicator` run the stand-in."""
    modules = tmp_path_factory.mktemp("modules")
    for name in ("service", "replicator"):
        shutil.copy(STAND_IN, modules / f"{name}.py")
    monkeypatch.setenv("PYTHONPATH", str(modules))


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of temporary files. A test may check that it is empty again."""
    directory = tmp_path_factory.mktemp("t")
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    monkeypatch.setenv("TMPDIR", str(directory))
    return directory
