"""`--whole`: nothing is ever skipped, but what takes long runs shortened unless asked for whole."""

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no failure, and a failure prints what repeats it.
slow_is_fine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("short", slow_is_fine, max_examples=100)
settings.register_profile("whole", slow_is_fine, max_examples=2_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run the long tests whole, not shortened")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("whole" if config.getoption("--whole") else "short")


@pytest.fixture(scope="session")
def whole(pytestconfig: pytest.Config) -> bool:
    """Whether this run was asked for whole: tests scale their counts and durations by it."""
    return bool(pytestconfig.getoption("--whole"))
