import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.process import EXIT_BAD_SETTING, EXIT_FAILED, UNCOLLECTED_MAX, run
from runtime.settings import InvalidSetting

ROOT = Path(__file__).parents[3]


async def nothing(_: None) -> None:
    pass


def nowhere() -> None:
    raise InvalidSetting("CROSSHOOK_REGION", "a region", None)


def test_a_process_whose_main_returns_exits_with_0() -> None:
    assert run(lambda: None, nothing) == 0


def test_a_bad_setting_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(nowhere, nothing) == EXIT_BAD_SETTING
    assert capsys.readouterr().err == "CROSSHOOK_REGION: expected a region, but it is not set\n"


FAILING = """
import sys
from runtime.logs import LogFormat, LogLevel, configure_logs
from runtime.process import run

async def main(_):
    configure_logs(LogFormat.JSON, LogLevel.INFO, process="a test")
    raise ExceptionGroup("two things", [ValueError("one"), OSError("other")])

sys.exit(run(lambda: None, main))
"""

WITHOUT_UVLOOP = """
import asyncio
import sys
sys.modules["uvloop"] = None
from runtime.process import run

async def main(_):
    print(type(asyncio.get_running_loop()).__module__)

sys.exit(run(lambda: None, main))
"""


def test_a_process_that_fails_logs_the_reason_and_exits_with_1() -> None:
    ended = python(FAILING)
    assert ended.returncode == EXIT_FAILED
    line = json.loads(ended.stderr)
    assert (line["event"], line["level"], line["process"]) == ("the process failed", "error", "a test")
    assert line["exception"][0]["exc_value"] == "two things (2 sub-exceptions)"
    assert "OSError" in ended.stderr


def test_without_uvloop_it_runs_asyncios_own_loop() -> None:
    ended = python(WITHOUT_UVLOOP)
    assert (ended.returncode, ended.stdout) == (0, "asyncio.unix_events\n")


COLLECTING = """
import gc
import sys
from runtime.process import run

async def main(_):
    print(gc.get_freeze_count() > 10 * len(gc.get_objects()), gc.get_threshold()[0])

sys.exit(run(lambda: None, main))
"""


def test_objects_loaded_at_the_start_are_left_out_of_each_collection() -> None:
    ended = python(COLLECTING)
    assert (ended.returncode, ended.stdout) == (0, f"True {UNCOLLECTED_MAX}\n")


def test_after_the_run_the_process_collects_as_before() -> None:
    before = gc.get_threshold()
    assert run(lambda: None, nothing) == 0
    assert gc.get_threshold() == before


def python(text: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
