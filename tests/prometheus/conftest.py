"""The programs that these tests run."""

import shutil
from pathlib import Path

import pytest


def program(name: str) -> Path:
    """A program of Debian's package `prometheus`. Fails where it is missing, and says so."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"no `{name}` on PATH; install the package `prometheus` (apt-get install prometheus)")
    return Path(found)


@pytest.fixture(scope="session")
def promtool() -> Path:
    return program("promtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    return program("prometheus")
