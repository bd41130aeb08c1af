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
from replicator import supervisor as persistence_module
from replicator.status import Status, Step
from replicator.supervisor import Persistence

US = Region("us-iowa")
Lines = list[Any]


@pytest.fixture(autouse=True)
def lines() -> Iterator[Lines]:
    """What is logged, whoever set logging up before."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


@pytest.fixture
def rechecks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistence_module, "HALT_RECHECK_SECONDS", 0.001)


@pytest.fixture(autouse=True)
async def leaves_nothing_running() -> AsyncIterator[None]:
    yield
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


class Life:
    """It fails in the ways given, one after the other, and then does what it was given to do, or ends well."""

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

    def persistence(self, status: Status) -> Persistence:
        return Persistence(self, step=Step.APPLY, origin=US, status=status)

    async def persists(self, status: Status) -> None:
        async with asyncio.timeout(5):
            await self.persistence(status).run()

    async def begun(self, times: int) -> None:
        async with asyncio.timeout(2):
            while len(self.times) < times:
                await asyncio.sleep(0.001)


async def for_ever() -> None:
    await asyncio.Event().wait()


@pytest.mark.usefixtures("rechecks_at_once")
async def test_it_goes_on_after_every_kind_of_failure_until_it_returns(lines: Lines) -> None:
    life = Life(
        Interrupted("in doubt"),
        Unavailable("no answer"),
        EpochChanged(US, known="a", found="b"),
        Undecodable("event 7"),
        ValueError("what"),
    )
    status = Status()
    await life.persists(status)
    assert len(life.times) == 6
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


async def test_what_fails_again_and_again_is_tried_less_often_and_told_once(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence_module, "RETRY_SECONDS", 0.04)
    life = Life(*(Interrupted(f"event {number} came after 0") for number in range(9)), ValueError("what"))
    running = asyncio.create_task(life.persistence(Status()).run())
    await life.begun(10)
    pauses = [after - before for before, after in pairwise(life.times[:10])]
    assert min(pauses[3:]) >= 0.039
    assert [line["event"] for line in lines[:2]] == ["waiting", "halted"]
    running.cancel()
    await asyncio.wait({running})


async def test_a_fault_of_ours_that_lasts_is_told_with_its_traceback_once(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence_module, "HALT_RECHECK_SECONDS", 0.001)
    await Life(*(ValueError("what") for _ in range(5))).persists(Status())
    assert [line["event"] for line in lines] == ["halted", "unexpected", "resumed"]


async def test_a_doubt_is_followed_at_once_and_a_failure_after_a_moment() -> None:
    life = Life(Interrupted("in doubt"), Unavailable("no answer"))
    await life.persists(Status())
    doubt, failure = life.times[1] - life.times[0], life.times[2] - life.times[1]
    assert doubt < 0.2
    assert failure >= 0.24


async def test_a_halted_origin_is_left_alone_for_a_while() -> None:
    life = Life(EpochChanged(US, known="a", found="b"))
    status = Status()
    running = asyncio.create_task(life.persistence(status).run())
    async with asyncio.timeout(20):
        while not status.halted:
            await asyncio.sleep(0.001)
    assert list(status.halted) == [US]
    await asyncio.wait({running}, timeout=0.1)
    assert len(life.times) == 1
    running.cancel()
    await asyncio.wait({running})


async def test_a_restart_ends_the_pause_of_one_that_is_halted() -> None:
    life = Life(EpochChanged(US, known="a", found="b"))
    persistence = life.persistence(Status())
    running = asyncio.create_task(persistence.run())
    await life.begun(1)
    await asyncio.sleep(0)
    persistence.restart()
    async with asyncio.timeout(1):
        await running
    assert len(life.times) == 2


async def test_a_restart_cancels_the_present_life_and_begins_a_new_one() -> None:
    life = Life(then=for_ever)
    persistence = life.persistence(Status())
    running = asyncio.create_task(persistence.run())
    await life.begun(1)
    persistence.restart()
    await life.begun(2)
    assert life.cancelled == 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert life.cancelled == 2


async def test_restarts_that_follow_quickly_are_survived_however_they_fall() -> None:
    """While a life is ending, while it pauses, before it has begun, and several at once."""
    life = Life(then=for_ever)
    persistence = life.persistence(Status())
    running = asyncio.create_task(persistence.run())
    for turns in range(40):
        persistence.restart()
        for _ in range(turns % 7):
            await asyncio.sleep(0)
        persistence.restart()
    begun = len(life.times)
    persistence.restart()
    await life.begun(begun + 1)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_being_cancelled_is_no_failure_and_ends_the_life() -> None:
    status = Status()
    life = Life(then=for_ever)
    running = asyncio.create_task(life.persistence(status).run())
    await life.begun(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert life.cancelled == 1
    assert status.halted == {}


async def test_a_life_that_somebody_else_cancelled_is_lived_again() -> None:
    life = Life(asyncio.CancelledError())
    await life.persists(Status())
    assert len(life.times) == 2


async def test_a_life_in_which_a_library_loses_the_cancellation_is_begun_anew_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(persistence_module, "CANCEL_AGAIN_SECONDS", 0.01)
    lives = 0
    waits = asyncio.Event()

    async def deaf_once() -> None:
        nonlocal lives
        lives += 1
        if lives > 1:
            return
        waits.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    persistence = Persistence(deaf_once, step=Step.APPLY, origin=US, status=Status())
    running = asyncio.create_task(persistence.run())
    await waits.wait()
    persistence.restart()
    async with asyncio.timeout(5):
        await running
    assert lives == 2
