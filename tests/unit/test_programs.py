"""Tests that need a program of their own are left out aloud, and never pass without it."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


async def outcome(*options: str, path: str) -> tuple[int | None, str]:
    """What pytest says of the browser's tests with these options and that `PATH`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "tests/browser/test_words.py", "-q", "-p", "no:cacheprovider", *options),
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


async def test_they_are_left_out_unless_asked_for_and_that_is_said() -> None:
    code, printed = await outcome("--numprocesses", "1", path=os.environ["PATH"])
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert re.search(r"left out: \d+ tests that need chromium \(`make test-all` runs every test\)", printed)


async def test_where_the_program_is_missing_they_fail_and_name_the_package(tmp_path: Path) -> None:
    code, printed = await outcome("--programs", path=str(tmp_path))
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "needs chromium, and there is none on PATH: apt-get install -y chromium" in printed
    assert "passed" not in printed
