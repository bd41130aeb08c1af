"""The programs that these tests run. They are there: tests/conftest.py fails each test that lacks its own, first."""

import shutil
from pathlib import Path

import pytest


def program(name: str) -> Path:
    """Where it is."""
    found = shutil.which(name)
    assert found is not None
    return Path(found)


@pytest.fixture(scope="session")
def promtool() -> Path:
    return program("promtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    return program("prometheus")
