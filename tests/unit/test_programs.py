"""Tests that take long or need a program are left out with a message, and fail without the program."""

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import engine
from tests.conftest import in_one_process

ROOT = Path(__file__).parents[2]


BROWSER, CONTAINERS = "tests/browser/test_words.py", "tests/containers/test_built_image.py"
LONG = "tests/e2e/test_latency.py"


async def outcome(*options: str, path: str, tests: str = BROWSER) -> tuple[int | None, str]:
    """The exit code and the output of pytest for `tests` with these options and that `PATH`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", tests, "-q", "-p", "no:cacheprovider", *options),
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


@pytest.mark.long
async def test_they_are_left_out_by_default_and_the_summary_counts_them() -> None:
    code, printed = await outcome("--numprocesses", "1", LONG, path=os.environ["PATH"])
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "left out: 1 test marked as long (`make test-all` runs every test)" in printed
    assert re.search(r"left out: \d+ tests that need chromium \(`make test-all` runs every test\)", printed)


@pytest.mark.long
async def test_without_the_program_they_fail_and_name_the_package(tmp_path: Path) -> None:
    code, printed = await outcome("--programs", path=str(tmp_path))
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "needs chromium, and there is none on PATH: apt-get install -y chromium" in printed
    assert "passed" not in printed


@pytest.fixture
def looked_at_anew() -> Iterator[None]:
    """A run looks its engine up once. This test has a look-up of its own, and the next test another one."""
    for known in (engine.complaint, engine.compose_command):
        known.cache_clear()
    yield
    for known in (engine.complaint, engine.compose_command):
        known.cache_clear()


@pytest.mark.usefixtures("looked_at_anew")
@pytest.mark.parametrize(
    ("docker", "compose", "complaint"),
    [
        (None, None, "needs docker, and there is none on PATH: apt-get install -y docker.io docker-compose"),
        ("echo 'is it running?' >&2; exit 1", "exit 0", "needs a Docker engine, and none answers (is it running?)"),
        ('[ "$1" = version ]', None, "needs Compose, and there is neither `docker compose` nor docker-compose on PATH"),
        (
            '[ "$1" = version ]',
            "echo 'too old' >&2; exit 1",
            "needs Compose, and `docker-compose` does not run (too old)",
        ),
    ],
)
def test_the_complaint_names_what_is_missing_to_run_containers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, docker: str | None, compose: str | None, complaint: str
) -> None:
    for name, script in (("docker", docker), ("docker-compose", compose)):
        if script is not None:
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
    monkeypatch.delenv("CROSSHOOK_TEST_COMPOSE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert complaint in engine.complaint()


@pytest.mark.long
async def test_if_the_requested_compose_is_missing_they_fail_and_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("CROSSHOOK_TEST_COMPOSE", "another-compose")
    code, printed = await outcome("--programs", path=str(tmp_path), tests=CONTAINERS)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "needs Compose, and `another-compose` does not run (no another-compose on PATH)" in printed


def test_tests_that_share_containers_run_in_one_process_and_all_others_by_file() -> None:
    assert in_one_process("tests/containers/test_tour.py::test_a[x]") == "tests/containers"
    assert in_one_process("tests/containers/deeper/test_b.py::test_b") == "tests/containers"
    for file in ("tests/containers/test_versions.py", "tests/containers/test_versions_of_redis.py"):
        assert in_one_process(f"{file}::test_b") == file
        assert "composed" not in (ROOT / file).read_text(), "it would start the regions of the Compose file again"
    assert in_one_process("tests/unit/core/test_stamps.py::test_c") == "tests/unit/core/test_stamps.py"
