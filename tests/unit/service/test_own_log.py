"""When this region's log must not be written to, and that everybody is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from adapters.errors import Unavailable, WentBack
from adapters.follower import Follower
from core.positions import Epoch, Mark, Region, Sequence
from service import own_log as own_log_module
from service.lineage import Recognition
from service.own_log import OwnLog

HERE, THERE = Region("us-halting"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def mark(sequence: int) -> Mark:
    return Mark(EPOCH, Sequence(sequence), f"{sequence:016x}")


class Log:
    """A log that cannot be followed, for the reason that it is told."""

    def __init__(self) -> None:
        self.trouble: Exception = Unavailable("not connected")

    @asynccontextmanager
    async def follow(self, _: Mark) -> AsyncIterator[Follower]:
        raise self.trouble
        yield  # This makes it a generator.

    async def describe(self) -> None:
        raise Unavailable("not connected")


class View:
    """A projection that has applied 7 events of the log."""

    async def read(self, _: object) -> SimpleNamespace:
        return SimpleNamespace(vector={HERE: mark(7)})


@asynccontextmanager
async def running(log: Log) -> AsyncIterator[OwnLog]:
    anything = cast("Any", None)
    own_log = OwnLog(
        HERE,
        event_log=cast("Any", log),
        projection=cast("Any", View()),
        tail_events_max=anything,
        retry_keys_max=anything,
    )
    task = asyncio.create_task(own_log.run())
    try:
        yield own_log
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETRY_SECONDS", "ALARM_RECHECK_SECONDS", "COMPARE_SECONDS"):
        monkeypatch.setattr(own_log_module, name, 0.01)


def halted(reason: str) -> float | None:
    return REGISTRY.get_sample_value("crosshook_halted", {"step": "append", "origin": HERE, "reason": reason})


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not holds():
            await asyncio.sleep(0.001)


def told(lines: list[Any]) -> list[tuple[str, str]]:
    """The lines of halts, each with its reason."""
    return [(line["event"], line.get("reason", "")) for line in lines if line.get("step") == "append"]


async def test_a_log_that_went_back_is_told_once_in_the_log_and_as_a_metric(lines: list[Any]) -> None:
    log = Log()
    async with running(log) as own_log:
        await until(lambda: "not connected" in own_log.waiting_for)
        assert own_log.alarm == ""
        log.trouble = WentBack(HERE, known=mark(7), last_sequence=5)
        await until(lambda: halted("went_back") == 1)
        assert own_log.alarm == "went_back: the log ends at 5, before event 7 that was read from it"
        await asyncio.sleep(0.05)
        assert told(lines) == [("halted", "went_back")]


async def test_a_log_that_another_region_contradicts_is_told_too_until_it_does_not(lines: list[Any]) -> None:
    async with running(Log()) as own_log:
        own_log.lineage.disown(THERE, mark(9))
        await until(lambda: halted("forked") == 1)
        assert own_log.alarm == "forked: asia-japan has applied another event 9"
        assert told(lines) == [("halted", "forked")]
        (line,) = [line for line in lines if line.get("step") == "append"]
        assert line["why"] == "asia-japan has applied another event 9"
        tail = SimpleNamespace(end=mark(9))
        own_log.appending = cast("Any", SimpleNamespace(recognize=lambda _: Recognition.OURS, tail=tail))
        assert own_log.lineage.is_believed(THERE, mark(9))
        await until(lambda: halted("forked") == 0)
        assert told(lines) == [("halted", "forked"), ("resumed", "")]
