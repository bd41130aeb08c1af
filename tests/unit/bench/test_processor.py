"""Processor time counts the named processes and no others."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from bench.errors import Unmeasured
from bench.processor import family_seconds, processor_seconds


@contextmanager
def running(program: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with all its children. A busy child that stayed would occupy a core permanently."""
    process = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)  # noqa: S603 - ours
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
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


WORKS_IN_CHILDREN = f"""
import os, subprocess, sys, time
subprocess.run([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.3: pass"])
subprocess.Popen([sys.executable, "-c", {WORKS!r}])
time.sleep(600)
"""


def test_the_time_of_a_family_counts_children_that_work_and_children_that_have_ended() -> None:
    with running(WORKS_IN_CHILDREN) as parent:
        deadline = time.monotonic() + 20
        seconds = [0.0]
        while seconds[-1] < 1.0:
            assert time.monotonic() < deadline
            seconds.append(family_seconds(parent.pid))
            time.sleep(0.005)
        assert processor_seconds([parent.pid]) < 0.5
    assert all(later >= earlier - 0.02 for earlier, later in pairwise(seconds))
    with pytest.raises(Unmeasured, match="has ended"):
        family_seconds(parent.pid)
