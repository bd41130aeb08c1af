"""The memory of a process grows with what it keeps, and an ended process has none."""

import os
import subprocess
import sys

import pytest

from bench.errors import Unmeasured
from bench.memory import MEBIBYTE, resident_bytes


def test_kept_bytes_count() -> None:
    before = resident_bytes(os.getpid())
    kept = bytearray(os.urandom(32 * MEBIBYTE))
    assert 30 * MEBIBYTE < resident_bytes(os.getpid()) - before < 100 * MEBIBYTE
    assert len(kept) == 32 * MEBIBYTE


def test_an_ended_process_has_no_figure() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(Unmeasured, match=f"process {process.pid} has ended"):
        resident_bytes(process.pid)
