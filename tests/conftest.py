"""`--whole`: nothing is ever skipped, but what takes long runs shortened unless asked for whole."""

import pytest
from hypothesis import settings

settings.register_profile("short", max_examples=100, deadline=None, print_blob=True)
settings.register_profile("whole", max_examples=2_000, deadline=None, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run the long tests whole, not shortened")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("whole" if config.getoption("--whole") else "short")


@pytest.fixture(scope="session")
def whole(pytestconfig: pytest.Config) -> bool:
    """Whether this run was asked for whole: tests scale their counts and durations by it."""
    return bool(pytestconfig.getoption("--whole"))
