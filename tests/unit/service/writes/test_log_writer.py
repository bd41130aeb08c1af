"""The writer of a log that does not take events, or is replaced by another history of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from structlog.testing import capture_logs

from adapters.event_log import Append, Entry
from core.commands import EventTooLarge
from core.positions import BEGINNING
from service.watermarks.acknowledgements import Acknowledgements
from service.watermarks.waiters import Waiters
from service.writes import batch_placement
from service.writes import frame_use as frame_use_module
from service.writes.batch import FRAME, MESSAGES
from service.writes.frame_use import Frames, FrameUse
from service.writes.group_commit import GroupCommit
from service.writes.log_state import LogState
from service.writes.log_writer import LogWriter
from tests.unit.service.writes.proposals import EPOCH, HERE, Asked, a_webhook, as_read, ask, events_of

NOW = 1_700_000_000_000


class Log:
    """A log to which every append has the `outcome` that is set: at first no append is answered."""

    origin = HERE

    def __init__(self) -> None:
        self.outcome = Append.UNANSWERED
        self.outcomes: dict[str, Append] = {}
        """By author: the outcome of a batch with an event of that author."""
        self.tried: list[str] = []
        self.subjects: list[str] = []

    async def append(self, entries: Sequence[Entry], *, after: int, on: object) -> tuple[Append, str]:  # noqa: ARG002
        self.subjects += [entry.subject for entry in entries]
        await asyncio.sleep(0)
        authors = [event.envelope.author for event in events_of(entries, after=after)]
        self.tried += authors
        return next((self.outcomes[author] for author in authors if author in self.outcomes), self.outcome), "why"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(batch_placement, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr(batch_placement, "READ_ON_SECONDS", 0.01)
    return Log()


@pytest.fixture
def state() -> LogState:
    state = LogState(tail_events_max=10)
    read_anew(state)
    return state


@pytest.fixture(params=[Frames.ALWAYS, Frames.NEVER])
def frame_use(request: pytest.FixtureRequest) -> FrameUse:
    return FrameUse(request.param)


@pytest.fixture
async def writer(state: LogState, log: Log, frame_use: FrameUse) -> AsyncIterator[LogWriter]:
    async with running_writer(state, log, frame_use) as writer:
        yield writer


@asynccontextmanager
async def running_writer(state: LogState, log: Log, frame_use: FrameUse) -> AsyncIterator[LogWriter]:
    writer = LogWriter(
        state,
        event_log=cast("Any", log),
        acknowledgements=Acknowledgements(Waiters(), {}),
        frame_use=frame_use,
        now_milliseconds=lambda: NOW,
    )
    running = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def read_anew(state: LogState) -> None:
    state.group_commit = GroupCommit(HERE, EPOCH, BEGINNING, idempotency_keys_max=10)
    state.waiting_for = ""
    state.following = cast("Any", SimpleNamespace(is_lost=False, bytes_max=2**20))
    state.changed()


async def until_tried(log: Log, asked: Asked, times: int = 1) -> None:
    async with asyncio.timeout(5):
        while log.tried.count(asked.proposal.author) < times:
            await asyncio.sleep(0.001)


async def until_settled(asked: Asked) -> None:
    async with asyncio.timeout(5):
        while not asked.outcomes:
            await asyncio.sleep(0.001)


async def test_a_batch_that_was_decided_on_another_history_is_tried_no_further_and_not_settled(
    writer: LogWriter, state: LogState, log: Log
) -> None:
    """Its place may be free by chance in the new log, on which it was not decided."""
    before, after = ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    writer.submit(before.proposal)
    await until_tried(log, before, times=3)
    read_anew(state)
    log.outcome, tried = Append.STORED, log.tried.count("o1")
    writer.submit(after.proposal)
    await until_tried(log, after)
    await asyncio.sleep(0.01)
    assert log.tried.count("o1") <= tried + 1, "one attempt may have been in flight"
    assert after.position.sequence == 1
    assert before.outcomes == []
    assert before.proposal.is_handed


async def in_doubt(writer: LogWriter, log: Log) -> Asked:
    """A request whose event the log never takes, after one attempt that was not answered."""
    asked = ask(a_webhook("w1"), "o1")
    writer.submit(asked.proposal)
    await until_tried(log, asked)
    log.outcome, log.outcomes = Append.STORED, {"o1": Append.TOO_LARGE}
    await until_tried(log, asked, times=log.tried.count("o1") + 2)
    return asked


async def test_an_event_in_doubt_that_the_log_never_takes_is_no_trouble_and_the_next_event_takes_its_place(
    writer: LogWriter, log: Log
) -> None:
    """A process that is not ready gets no writes, and then no event would decide that place."""
    large = await in_doubt(writer, log)
    assert writer.why_not == ""
    assert large.outcomes == []
    other = ask(a_webhook("w2"), "o2")
    writer.submit(other.proposal)
    await until_tried(log, other)
    await until_settled(large)
    assert other.position.sequence == 1
    assert isinstance(large.outcomes[0], EventTooLarge)


async def test_an_event_in_doubt_that_the_log_never_takes_is_decided_by_another_process_too(
    writer: LogWriter, state: LogState, log: Log
) -> None:
    """The log is not asked again: an append that is too large does not reach it."""
    large = await in_doubt(writer, log)
    elsewhere = GroupCommit(HERE, EPOCH, BEGINNING, idempotency_keys_max=10)
    elsewhere.submit(ask(a_webhook("w2"), "o2").proposal)
    batch = elsewhere.compose(NOW, nonce=7, form=FRAME)
    assert batch is not None
    message = as_read(1, batch.entries[0])
    assert state.group_commit is not None
    state.group_commit.observed(message.mark, lambda: message)
    state.changed()
    await until_settled(large)
    assert isinstance(large.outcomes[0], EventTooLarge)


async def test_a_refusal_is_no_trouble_any_more_once_no_request_waits(writer: LogWriter, log: Log) -> None:
    log.outcome = Append.REFUSED
    asked = ask(a_webhook("w1"), "o1")
    writer.submit(asked.proposal)
    await until_tried(log, asked, times=2)
    assert writer.why_not == "the log to take events: why"
    writer.withdraw(asked.proposal)
    async with asyncio.timeout(5):
        while writer.why_not:
            await asyncio.sleep(0.001)


async def test_any_number_of_events_that_the_log_never_takes_is_one_line(writer: LogWriter, log: Log) -> None:
    """Any client with a key can send many; each such request has its own line in the access log."""
    log.outcome = Append.TOO_LARGE
    structlog.reset_defaults()
    with capture_logs() as lines:
        for number in range(3):
            large = ask(a_webhook(f"w{number}"), f"o{number}")
            writer.submit(large.proposal)
            await until_settled(large)
    assert [line["outcome"] for line in lines if line["event"] == "append"] == ["TOO_LARGE"]


async def test_what_the_log_refuses_together_is_appended_one_by_one_and_only_what_it_never_takes_is_refused(
    writer: LogWriter, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server's limit may be lower than a frame: one event of a batch must not refuse the others."""
    monkeypatch.setattr(frame_use_module, "MESSAGES", MESSAGES._replace(one_by_one_max=0))
    log.outcome = Append.STORED
    log.outcomes = {"o1": Append.TOO_LARGE}
    asked = [ask(a_webhook(f"w{number}"), f"o{number}") for number in range(3)]
    for one in asked:
        writer.submit(one.proposal)
    for one in asked:
        await until_settled(one)
    assert log.tried == ["o0", "o1", "o2", "o0", "o1", "o2"]
    assert [one.position.sequence for one in (asked[0], asked[2])] == [1, 2]
    assert isinstance(asked[1].outcomes[0], EventTooLarge)


async def test_each_batch_is_in_the_form_that_is_in_use_when_it_is_composed(state: LogState, log: Log) -> None:
    frame_use, log.outcome = FrameUse(Frames.AUTO), Append.STORED
    async with running_writer(state, log, frame_use) as writer:
        for number, silent in enumerate(["asia-japan", "", "asia-japan"]):
            frame_use.why_not_read = lambda silent=silent: silent  # type: ignore[misc]
            asked = [ask(a_webhook(f"w{number}{half}"), f"o{number}{half}") for half in "ab"]
            for one in asked:
                writer.submit(one.proposal)
            for one in asked:
                await until_settled(one)
    kinds = [subject.split(".", 3)[-1] for subject in log.subjects]
    frame, message = "frame.v1", "webhook_created.v1"
    assert kinds == [message, message, frame, frame], "a log that has frames is read by no older version any more"
