"""`--whole`: nothing is ever skipped, but what takes long runs shortened unless asked for whole.

`--programs`: what needs a program of its own, and says so with a marker, is left out unless asked for.
"""

import shutil
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no failure, and a failure prints what repeats it.
slow_is_fine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("short", slow_is_fine, max_examples=100)
settings.register_profile("whole", slow_is_fine, max_examples=2_000)


class Needed(NamedTuple):
    """Programs, and Debian's package that has them."""

    programs: tuple[str, ...]
    package: str


NEEDED = {
    "browser": Needed(("chromium",), "chromium"),
    "prometheus": Needed(("prometheus", "promtool"), "prometheus"),
}
"""Marker -> what the tests that carry it need."""

_LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run the long tests whole, not shortened")
    parser.addoption("--programs", action="store_true", help="run also the tests that need a program of their own")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("whole" if config.getoption("--whole") else "short")
    config.stash[_LEFT_OUT] = {}


@pytest.fixture(scope="session")
def whole(pytestconfig: pytest.Config) -> bool:
    """Whether this run was asked for whole: tests scale their counts and durations by it."""
    return bool(pytestconfig.getoption("--whole"))


def markers(item: pytest.Item) -> Iterator[str]:
    """Which programs a test needs, by their markers."""
    return (marker for marker in NEEDED if item.get_closest_marker(marker) is not None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--programs"):
        return
    left_out = [item for item in items if any(markers(item))]
    items[:] = [item for item in items if not any(markers(item))]
    config.hook.pytest_deselected(items=left_out)
    for item in left_out:
        for marker in markers(item):
            config.stash[_LEFT_OUT][marker] = config.stash[_LEFT_OUT].get(marker, 0) + 1


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in markers(item):
        missing = [program for program in NEEDED[marker].programs if shutil.which(program) is None]
        if missing:
            install = f"apt-get install -y {NEEDED[marker].package}"
            pytest.fail(f"this test needs {' and '.join(missing)}, and there is none on PATH: {install}", pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash[_LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - a worker of pytest-xdist
    """Every worker has collected the same tests."""
    node.config.stash[_LEFT_OUT].update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for marker, count in config.stash[_LEFT_OUT].items():
        tests = "1 test that needs" if count == 1 else f"{count} tests that need"
        programs = " and ".join(NEEDED[marker].programs)
        terminalreporter.write_line(f"left out: {tests} {programs} (`make test-all` runs every test)")
