"""Stand-ins for the service and the replicator: these tests are about the regions, not about what runs there."""

import shutil
from pathlib import Path

import pytest

from deploy.local.network.ports import Ports

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


@pytest.fixture
def runtime(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary directory with the control socket. It must be empty at the end."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return temporary


@pytest.fixture
def first_port() -> int:
    ports = Ports()
    port = ports.claim_row(3)
    ports.close()
    return port
