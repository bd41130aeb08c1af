"""`--whole`: what takes long runs shortened, or is left out if even that takes seconds, unless asked for whole.

`--programs`: what needs a program of its own, and says so with a marker, is left out unless asked for.

`--rest`: what a run without options leaves out or shortens, whole, and nothing else.

Nothing is ever skipped, and the end of a run counts what was left out.
"""

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from bench.postgres import INSTALL, find_postgres
from tests import engine, left_out, measured
from tests.left_out import LONG, Asked, draws_examples

# A slow machine is no failure, and a failure prints what repeats it.
slow_is_fine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("short", slow_is_fine, max_examples=50)
settings.register_profile("whole", slow_is_fine, max_examples=500)


class Needed(NamedTuple):
    """What some tests need, and what they say where it is missing: nothing where it is there."""

    what: str
    complaint: Callable[[], str]


def programs(*names: str, package: str) -> Needed:
    """Programs of Debian's `package`."""

    def complaint() -> str:
        missing = [name for name in names if shutil.which(name) is None]
        if not missing:
            return ""
        return f"this test needs {' and '.join(missing)}, and there is none on PATH: apt-get install -y {package}"

    return Needed(" and ".join(names), complaint)


NODE = programs("node", package="nodejs npm")
CLIENTS = Path(__file__).parent / "clients" / "typescript"


def clients() -> str:
    """What is missing to generate clients."""
    if (CLIENTS / "node_modules" / "typescript").is_dir():
        return NODE.complaint()
    return NODE.complaint() or "this test needs the packages of a generator: npm ci --prefix tests/clients/typescript"


def postgres() -> str:
    """What is missing to start a PostgreSQL."""
    if find_postgres() is not None:
        return ""
    return f"this test needs initdb of PostgreSQL, and there is none: {INSTALL}"


NEEDED = {
    "browser": programs("chromium", package="chromium"),
    "clients": Needed("Node.js and generators of clients", clients),
    "containers": Needed("a Docker engine and Compose", engine.complaint),
    "postgres": Needed("PostgreSQL", postgres),
    "prometheus": programs("prometheus", "promtool", package="prometheus"),
}
"""Marker -> what the tests that carry it need."""

_LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run the long tests whole, not shortened")
    parser.addoption("--programs", action="store_true", help="run also the tests that need a program of their own")
    parser.addoption("--rest", action="store_true", help="run whole what a run without options leaves out or shortens")


def pytest_configure(config: pytest.Config) -> None:
    # A shell lets its background jobs ignore SIGINT. The programs that tests interrupt would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.load_profile("whole" if asked(config).whole else "short")
    config.stash[_LEFT_OUT] = {}


def asked(config: pytest.Config) -> Asked:
    """What this run was asked for."""
    rest = bool(config.getoption("--rest"))
    return Asked(
        whole=rest or bool(config.getoption("--whole")),
        programs=rest or bool(config.getoption("--programs")),
        rest=rest,
    )


@pytest.fixture(scope="session")
def whole(pytestconfig: pytest.Config) -> bool:
    """Whether this run was asked for whole: tests scale their counts and durations by it."""
    return asked(pytestconfig).whole


def markers(item: pytest.Item) -> Iterator[str]:
    """What a test needs, by its markers."""
    return (marker for marker in NEEDED if item.get_closest_marker(marker) is not None)


def scales(item: pytest.Item) -> bool:
    """Whether a test does more in a whole run: it asks for the run's options, as `whole` does, or draws examples."""
    module = getattr(item, "module", None)
    return "pytestconfig" in getattr(item, "fixturenames", ()) or (module is not None and draws_examples(module))


def why_left_out(config: pytest.Config, item: pytest.Item) -> list[str]:
    """Why this run leaves a test out."""
    is_long = item.get_closest_marker(LONG) is not None
    return left_out.why(asked(config), markers=[*markers(item), *([LONG] if is_long else [])], scales=scales(item))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    whys = {item: why_left_out(config, item) for item in items}
    items[:] = [item for item in items if not whys[item]]
    config.hook.pytest_deselected(items=[item for item, why in whys.items() if why])
    for reason in (reason for why in whys.values() for reason in why):
        config.stash[_LEFT_OUT][reason] = config.stash[_LEFT_OUT].get(reason, 0) + 1


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in markers(item):
        complaint = NEEDED[marker].complaint()
        if complaint:
            pytest.fail(complaint, pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash[_LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - a worker of pytest-xdist
    """Every worker has collected the same tests."""
    node.config.stash[_LEFT_OUT].update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in measured.lines(terminalreporter.getreports("passed")):
        terminalreporter.write_line(line)
    for reason, count in config.stash[_LEFT_OUT].items():
        need = NEEDED[reason].what if reason in NEEDED else ""
        terminalreporter.write_line(left_out.line(reason, count, need=need))


def in_one_process(node_id: str) -> str:
    """Which tests one worker runs, one after the other: those of a file, and all that share the same containers.

    Tests of other versions start containers of their own, each file for itself.
    """
    file = node_id.partition("::")[0]
    has_own = file.startswith("tests/containers/test_versions")
    return "tests/containers" if file.startswith("tests/containers/") and not has_own else file


class Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """As `--dist loadfile`, but for the containers."""

    def _split_scope(self, nodeid: str) -> str:
        return in_one_process(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:  # noqa: ANN401 - pytest-xdist has no types
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None
