import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from adapters.errors import EpochChanged, Interrupted, Unavailable
from core.codec import Undecodable
from core.positions import Region
from replicator import supervisor as supervisor_module
from replicator.status import Status, Step
from replicator.supervisor import Supervisor

US = Region("us-iowa")
Lines = list[Any]


@pytest.fixture(autouse=True)
def lines() -> Iterator[Lines]:
    """What is logged, even if another test has configured logging."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


@pytest.fixture
def rechecks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "HALT_RECHECK_SECONDS", 0.001)


@pytest.fixture(autouse=True)
async def leaves_nothing_running() -> AsyncIterator[None]:
    yield
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


class Work:
    """Work that fails in the ways given, one after the other, and then does `then`, or returns."""

    def __init__(self, *failures: BaseException, then: Callable[[], Awaitable[object]] | None = None) -> None:
        self.failures = list(failures)
        self.then = then
        self.times: list[float] = []
        self.cancelled = 0

    async def __call__(self) -> None:
        self.times.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)
        if self.then is not None:
            try:
                await self.then()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise

    def supervisor(self, status: Status) -> Supervisor:
        return Supervisor(self, step=Step.APPLY, origin=US, status=status)

    async def supervised(self, status: Status) -> None:
        async with asyncio.timeout(5):
            await self.supervisor(status).run()

    async def begun(self, times: int) -> None:
        async with asyncio.timeout(2):
            while len(self.times) < times:
                await asyncio.sleep(0.001)


async def never_return() -> None:
    await asyncio.Event().wait()


@pytest.mark.usefixtures("rechecks_at_once")
async def test_work_is_run_again_after_every_kind_of_failure_until_it_returns(lines: Lines) -> None:
    work = Work(
        Interrupted("in doubt"),
        Unavailable("no answer"),
        EpochChanged(US, known="a", found="b"),
        Undecodable("message 7"),
        ValueError("what"),
    )
    status = Status()
    await work.supervised(status)
    assert len(work.times) == 6
    assert status.halted == {}
    assert [(line["event"], line.get("reason", "")) for line in lines] == [
        ("waiting", "in_doubt"),
        ("waiting", "unavailable"),
        ("halted", "epoch_changed"),
        ("halted", "undecodable"),
        ("halted", "unexpected"),
        ("unexpected", ""),
        ("resumed", ""),
    ]
    assert isinstance(lines[5]["exc_info"], ValueError)


async def test_repeated_failures_are_retried_less_often_and_logged_once(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "RETRY_SECONDS", 0.04)
    work = Work(*(Interrupted(f"message {number} came after 0") for number in range(9)), ValueError("what"))
    running = asyncio.create_task(work.supervisor(Status()).run())
    await work.begun(10)
    pauses = [after - before for before, after in pairwise(work.times[:10])]
    assert min(pauses[3:]) >= 0.039
    assert [line["event"] for line in lines[:2]] == ["waiting", "halted"]
    running.cancel()
    await asyncio.wait({running})


async def test_a_lasting_fault_of_our_own_is_logged_once_with_its_traceback(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "HALT_RECHECK_SECONDS", 0.001)
    await Work(*(ValueError("what") for _ in range(5))).supervised(Status())
    assert [line["event"] for line in lines] == ["halted", "unexpected", "resumed"]


async def test_work_is_run_again_at_once_after_a_doubt_and_after_a_pause_if_it_failed() -> None:
    work = Work(Interrupted("in doubt"), Unavailable("no answer"))
    await work.supervised(Status())
    doubt, failure = work.times[1] - work.times[0], work.times[2] - work.times[1]
    assert doubt < 0.2
    assert failure >= 0.24


async def test_a_halted_origin_is_not_tried_again_at_once() -> None:
    work = Work(EpochChanged(US, known="a", found="b"))
    status = Status()
    running = asyncio.create_task(work.supervisor(status).run())
    async with asyncio.timeout(20):
        while not status.halted:
            await asyncio.sleep(0.001)
    assert list(status.halted) == [US]
    await asyncio.wait({running}, timeout=0.1)
    assert len(work.times) == 1
    running.cancel()
    await asyncio.wait({running})


async def test_a_restart_ends_the_pause_of_a_halted_origin() -> None:
    work = Work(EpochChanged(US, known="a", found="b"))
    supervisor = work.supervisor(Status())
    running = asyncio.create_task(supervisor.run())
    await work.begun(1)
    await asyncio.sleep(0)
    supervisor.restart()
    async with asyncio.timeout(1):
        await running
    assert len(work.times) == 2


async def test_a_restart_cancels_the_present_run_and_begins_a_new_one() -> None:
    work = Work(then=never_return)
    supervisor = work.supervisor(Status())
    running = asyncio.create_task(supervisor.run())
    await work.begun(1)
    supervisor.restart()
    await work.begun(2)
    assert work.cancelled == 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert work.cancelled == 2


async def test_quick_restarts_are_survived_at_any_moment() -> None:
    """While a run ends, during a pause, before a run has begun, and several at once."""
    work = Work(then=never_return)
    supervisor = work.supervisor(Status())
    running = asyncio.create_task(supervisor.run())
    for turns in range(40):
        supervisor.restart()
        for _ in range(turns % 7):
            await asyncio.sleep(0)
        supervisor.restart()
    begun = len(work.times)
    supervisor.restart()
    await work.begun(begun + 1)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_cancellation_is_no_failure_and_ends_the_work() -> None:
    status = Status()
    work = Work(then=never_return)
    running = asyncio.create_task(work.supervisor(status).run())
    await work.begun(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert work.cancelled == 1
    assert status.halted == {}


async def test_work_that_another_task_cancelled_is_run_again() -> None:
    work = Work(asyncio.CancelledError())
    await work.supervised(Status())
    assert len(work.times) == 2


async def test_work_is_restarted_even_if_a_library_loses_the_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor_module, "CANCEL_AGAIN_SECONDS", 0.01)
    runs = 0
    waits = asyncio.Event()

    async def deaf_once() -> None:
        nonlocal runs
        runs += 1
        if runs > 1:
            return
        waits.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    supervisor = Supervisor(deaf_once, step=Step.APPLY, origin=US, status=Status())
    running = asyncio.create_task(supervisor.run())
    await waits.wait()
    supervisor.restart()
    async with asyncio.timeout(5):
        await running
    assert runs == 2
