"""A process can be started, stopped, killed and paused, and its end is reported."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from deploy.local.errors import NotReadyInTime, ProcessDied
from deploy.local.network.ports import Ports
from deploy.local.processes.http_process import HttpProcess

STAND_IN = Path(__file__).with_name("stand_in.py")


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[HttpProcess]:
    shutil.copy(STAND_IN, tmp_path / "stand_in.py")
    ports = Ports()
    process = HttpProcess(
        name="here/stand-in-1",
        module="stand_in",
        port=ports.claim_any(),
        directory=tmp_path,
        log=tmp_path / "stand-in.log",
        environment={"PATH": os.environ["PATH"]},
        settings={},
    )
    yield process
    await process.kill()
    ports.close()


async def started(process: HttpProcess) -> HttpProcess:
    await process.start()
    await process.wait_ready(within_seconds=10)
    return process


async def test_a_started_process_becomes_ready(process: HttpProcess) -> None:
    assert not process.is_running
    await started(process)
    assert process.is_running
    assert await process.is_ready()
    assert process.pid > 0


async def test_a_stopped_process_is_gone_and_starts_again_on_the_same_port(process: HttpProcess) -> None:
    await started(process)
    first = process.pid
    await process.stop()
    assert not process.is_running
    assert process.pid == 0
    await started(process)
    assert process.pid != first


async def test_a_process_that_ignores_sigterm_is_killed_after_the_bound(process: HttpProcess) -> None:
    process.settings["STAND_IN_IGNORES_TERM"] = "yes"
    await started(process)
    await process.stop(within_seconds=0.1)
    assert process.return_code == -signal.SIGKILL


async def test_a_paused_process_does_not_answer_until_resumed(process: HttpProcess) -> None:
    await started(process)
    process.pause()
    assert process.is_running
    assert not await process.is_ready()
    process.resume()
    await process.wait_ready(within_seconds=10)


async def test_a_paused_process_can_be_stopped(process: HttpProcess) -> None:
    await started(process)
    process.pause()
    await process.stop(within_seconds=5)
    assert process.return_code == -signal.SIGTERM


async def test_a_process_that_dies_while_it_is_waited_for_is_named_with_its_log(process: HttpProcess) -> None:
    process.settings["STAND_IN_DIES"] = "7"
    await process.start()
    with pytest.raises(ProcessDied, match="here/stand-in-1 ended with exit code 7; see its log, ") as caught:
        await process.wait_ready(within_seconds=10)
    assert caught.value.log_tail.endswith("out of luck")


async def test_the_error_about_a_killed_process_names_the_signal(process: HttpProcess) -> None:
    await started(process)
    await process.kill()
    with pytest.raises(ProcessDied, match="ended with signal SIGKILL"):
        process.check_running()


async def test_the_error_about_a_process_that_does_not_become_ready_names_what_it_waits_for(
    process: HttpProcess,
) -> None:
    process.settings["STAND_IN_WAITS_FOR"] = "the tide"
    answers = asyncio.Event()

    def report(reason: str) -> None:
        if reason == "the tide":
            answers.set()

    await process.start()
    waiting = asyncio.create_task(process.wait_ready(report=report))
    await asyncio.wait_for(answers.wait(), 20)
    waiting.cancel()
    with pytest.raises(NotReadyInTime, match=r"not ready within 0.1 s: the tide; see its log, "):
        await process.wait_ready(within_seconds=0.1)


async def test_a_log_continues_after_a_restart_and_its_tail_is_bounded(process: HttpProcess) -> None:
    await started(process)
    await process.restart()
    assert process.log_tail().count("started with") == 2
    assert len(process.log_tail(lines_max=1).splitlines()) == 1


async def test_a_process_ends_with_its_parent_even_if_the_parent_is_killed(tmp_path: Path) -> None:
    starter = """
import asyncio, pathlib, sys
from deploy.local.processes.spawning import spawn
child = spawn(["sleep", "60"], directory=pathlib.Path("."), environment={}, log=pathlib.Path(sys.argv[1]))
print(child.pid, flush=True)
input()
"""
    command = (sys.executable, "-c", starter, str(tmp_path / "log"))
    parent = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    await parent.wait()
    await until(lambda: not is_alive(child))


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)
