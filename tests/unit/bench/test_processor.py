"""Processor time counts the named processes and no others."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.errors import Unmeasured
from bench.processor import processor_seconds


@contextmanager
def running(program: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", program])  # noqa: S603 - ours
    try:
        yield process
    finally:
        process.kill()
        process.wait()


WORKS = "while True: pass"
WORKS_IN_A_THREAD = f"import threading; threading.Thread(target=exec, args=({WORKS!r},)).start()"
SLEEPS = "import time; time.sleep(600)"


def until_seconds(pids: list[int], seconds: float) -> None:
    deadline = time.monotonic() + 20
    while processor_seconds(pids) < seconds:
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("program", [WORKS, WORKS_IN_A_THREAD])
def test_work_in_any_thread_takes_processor_time_and_sleep_takes_none(program: str) -> None:
    with running(program) as works, running(SLEEPS) as sleeps:
        until_seconds([works.pid], 0.5)
        idle = processor_seconds([sleeps.pid])
        until_seconds([works.pid], processor_seconds([works.pid]) + 0.3)
        assert processor_seconds([sleeps.pid]) - idle < 0.05
        assert processor_seconds([works.pid, sleeps.pid]) > processor_seconds([works.pid])


def test_an_ended_process_has_no_figure() -> None:
    with running(SLEEPS) as process:
        pass
    for pid in (process.pid, 0):
        with pytest.raises(Unmeasured, match=f"process {pid} has ended"):
            processor_seconds([pid])
