"""When this region's log must not be written to, and how that is reported."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from adapters.errors import Incomplete, Interrupted, NotCurrent, Unavailable, WentBack
from adapters.follower import Follower, Stored
from core.positions import Epoch, Mark, Region, Sequence
from service.writes import log_reader
from service.writes.fork_detection import Recognition
from service.writes.log_reader import LogReader
from service.writes.log_state import LogState

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
    """A log that cannot be followed, because of `trouble`."""

    def __init__(self) -> None:
        self.trouble: Exception = Unavailable("not connected")

    @asynccontextmanager
    async def follow(self, _: Mark) -> AsyncIterator[Follower]:
        raise self.trouble
        yield  # This makes it a generator.

    async def describe(self) -> None:
        raise Unavailable("not connected")


class View:
    """A projection that has applied the first `applied` events of the log."""

    def __init__(self, applied: int = 7) -> None:
        self.applied = applied
        self.history = 0
        self.is_current = True

    async def read(self, _: object) -> SimpleNamespace:
        if not self.is_current:
            raise NotCurrent("it is built anew")
        return SimpleNamespace(vector={HERE: mark(self.applied)}, incarnation=f"1:abc:{self.history}:nonce")


@asynccontextmanager
async def running(log: Log, *, tail_events_max: int = 0, view: View | None = None) -> AsyncIterator[LogState]:
    anything = cast("Any", None)
    state = LogState(tail_events_max=tail_events_max)
    reader = LogReader(
        state, HERE, event_log=cast("Any", log), projection=cast("Any", view or View()), idempotency_keys_max=anything
    )
    task = asyncio.create_task(reader.run())
    try:
        yield state
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETRY_SECONDS", "ALARM_RECHECK_SECONDS", "COMPARE_SECONDS"):
        monkeypatch.setattr(log_reader, name, 0.01)


def halted(reason: str) -> float | None:
    return REGISTRY.get_sample_value("crosshook_halted", {"step": "append", "origin": HERE, "reason": reason})


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not holds():
            await asyncio.sleep(0.001)


def reported(lines: list[Any]) -> list[tuple[str, str]]:
    """The lines of halts, each with its reason."""
    return [(line["event"], line.get("reason", "")) for line in lines if line.get("step") == "append"]


async def test_a_log_that_went_back_is_reported_once_in_a_line_and_as_a_metric(lines: list[Any]) -> None:
    log = Log()
    async with running(log) as state:
        await until(lambda: "not connected" in state.waiting_for)
        assert state.alarm == ""
        log.trouble = WentBack(HERE, known=mark(7), last_sequence=5)
        await until(lambda: reported(lines) == [("halted", "went_back")])
        assert state.alarm == "went_back: the log ends at 5, before message 7 that was read from it"
        await asyncio.sleep(0.05)
        assert reported(lines) == [("halted", "went_back")]


class Doubtful(Log):
    """A log that can be followed, and leaves its reader in doubt while `is_doubtful`."""

    def __init__(self) -> None:
        super().__init__()
        self.is_doubtful = True
        self.followed = 0

    @asynccontextmanager
    async def follow(self, _: Mark) -> AsyncIterator[Follower]:
        self.followed += 1
        yield cast("Follower", self)

    epoch, created, session = EPOCH, "", None

    async def heard(self) -> list[Stored]:
        if self.is_doubtful:
            raise Interrupted(f"message {self.followed} came after 0")
        await asyncio.sleep(0.01)
        return []


async def test_a_log_whose_reader_is_in_doubt_repeatedly_is_waited_for_and_reported_once(lines: list[Any]) -> None:
    log = Doubtful()
    async with running(log, tail_events_max=1) as state:
        await until(lambda: "came after 0" in state.waiting_for)
        before = log.followed
        await until(lambda: log.followed > before + 5)
        assert "came after 0" in state.waiting_for, "a log that can be followed may still not be read"
        assert [line["event"] for line in lines] == ["log read again", "waiting"]
        log.is_doubtful = False
        await until(lambda: state.waiting_for == "")


async def test_an_alarm_in_reading_lasts_until_the_log_can_be_read_again() -> None:
    class Lacking(Doubtful):
        async def heard(self) -> list[Stored]:
            if self.is_doubtful:
                raise Incomplete(HERE, "it begins at 5")
            return await super().heard()

    log = Lacking()
    async with running(log, tail_events_max=1) as state:
        await until(lambda: state.alarm != "")
        seen = set()
        before = log.followed
        while log.followed < before + 5:
            seen.add(state.alarm)
            await asyncio.sleep(0)
        assert seen == {"incomplete: the log is incomplete: it begins at 5"}
        log.is_doubtful = False
        await until(lambda: state.alarm == "")


class Replaced(Doubtful):
    """A log that can be followed up to its end."""

    def __init__(self, end: int) -> None:
        super().__init__()
        self.is_doubtful = False
        self.end = end

    @asynccontextmanager
    async def follow(self, known: Mark) -> AsyncIterator[Follower]:
        self.followed += 1
        if known.sequence > self.end:
            raise WentBack(HERE, known=known, last_sequence=self.end)
        yield cast("Follower", self)


async def test_events_of_another_history_are_discarded_once_the_projection_was_built_anew() -> None:
    log, view = Replaced(end=9), View(applied=9)
    async with running(log, tail_events_max=1, view=view) as state:
        await until(lambda: state.group_commit is not None)
        before = state.group_commit
        assert not state.forks.is_believed(THERE, Mark(EPOCH, Sequence(9), "another"))
        assert state.alarm.startswith("forked")

        log.end, view.is_current, log.is_doubtful = 5, False, True
        await until(lambda: state.alarm.startswith("went_back"))
        view.applied, log.is_doubtful = 5, False
        view.is_current = True
        followed = log.followed
        await until(lambda: log.followed > followed + 3)
        assert state.group_commit is before, "a projection that only went back does not contradict what was read"
        assert state.doubt.startswith("went_back")

        view.history = 1
        await until(lambda: state.alarm == "")
        assert state.group_commit is not before
        assert state.group_commit is not None
        assert state.group_commit.tail.end == mark(5)
        assert state.doubt_since(0) == "this region's log was put back since"
        assert state.doubt_since(state.reading) == ""


async def test_a_log_that_another_region_contradicts_is_reported_until_the_regions_agree(lines: list[Any]) -> None:
    async with running(Log()) as state:
        state.forks.ends_before(THERE, mark(9), last_sequence=Sequence(8))
        await until(lambda: reported(lines) == [("halted", "went_back")])
        assert halted("went_back") == 1
        assert state.alarm == "went_back: the log ends at 8, and asia-japan has applied message 9"
        (line,) = [line for line in lines if line.get("step") == "append"]
        assert line["why"] == "the log ends at 8, and asia-japan has applied message 9"
        tail = SimpleNamespace(end=mark(9))
        state.group_commit = cast("Any", SimpleNamespace(recognize=lambda _: Recognition.OURS, tail=tail))
        assert state.forks.is_believed(THERE, mark(9))
        await until(lambda: halted("went_back") == 0)
        assert reported(lines) == [("halted", "went_back"), ("resumed", "")]
