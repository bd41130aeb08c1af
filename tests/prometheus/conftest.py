"""The programs that these tests run. tests/conftest.py has failed each test whose program is missing."""

import shutil
from pathlib import Path

import pytest


def program(name: str) -> Path:
    """The path of the program."""
    found = shutil.which(name)
    assert found is not None
    return Path(found)


@pytest.fixture(scope="package")
def promtool() -> Path:
    return program("promtool")


@pytest.fixture(scope="package")
def prometheus() -> Path:
    return program("prometheus")
