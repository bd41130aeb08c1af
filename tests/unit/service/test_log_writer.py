"""The writer of a log that is replaced by another history of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.event_log import Append, Entry
from core.codec import decode
from core.positions import BEGINNING
from service import log_writer as log_writer_module
from service.acknowledgements import Acknowledgements
from service.appending import Appending
from service.log_writer import LogWriter
from service.own_log import OwnLog
from service.waiting import Waiting
from tests.unit.service.proposals import EPOCH, HERE, Asked, a_webhook, ask


class Log:
    """A log that answers nothing, until it is told to take everything."""

    origin = HERE

    def __init__(self) -> None:
        self.answers = False
        self.tried: list[str] = []

    async def append(self, entries: Sequence[Entry], *, after: int, on: object) -> tuple[Append, str]:  # noqa: ARG002
        await asyncio.sleep(0)
        self.tried += [decode(entry.data).author for entry in entries]
        return (Append.STORED, "") if self.answers else (Append.UNANSWERED, "no answer")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(log_writer_module, "RETRY_SECONDS", 0.001)
    return Log()


@pytest.fixture
def own_log(log: Log) -> OwnLog:
    anything = cast("Any", None)
    own_log = OwnLog(HERE, event_log=cast("Any", log), projection=anything, tail_events_max=10, retry_keys_max=anything)
    read_anew(own_log)
    return own_log


@pytest.fixture
async def writer(own_log: OwnLog, log: Log) -> AsyncIterator[LogWriter]:
    writer = LogWriter(
        own_log,
        event_log=cast("Any", log),
        acknowledgements=Acknowledgements(Waiting(), {}),
        now_milliseconds=lambda: 1_700_000_000_000,
    )
    running = asyncio.create_task(writer.run())
    yield writer
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def read_anew(own_log: OwnLog) -> None:
    own_log.appending = Appending(HERE, EPOCH, BEGINNING, batch_size=lambda waiting: waiting, retry_keys_max=10)
    own_log.waiting_for = ""
    own_log._session = cast("Any", SimpleNamespace(is_lost=False))  # noqa: SLF001 - as its follower does
    own_log.changed()


async def until_tried(log: Log, asked: Asked, times: int = 1) -> None:
    async with asyncio.timeout(5):
        while log.tried.count(asked.proposal.author) < times:
            await asyncio.sleep(0.001)


async def test_a_batch_that_was_decided_on_another_history_is_tried_no_further_and_nobody_is_told_of_it(
    writer: LogWriter, own_log: OwnLog, log: Log
) -> None:
    """It would be appended to a log that it was not decided on, where its place may be free by chance."""
    before, after = ask(a_webhook("w1"), "o1"), ask(a_webhook("w2"), "o2")
    writer.submit(before.proposal)
    await until_tried(log, before, times=3)
    read_anew(own_log)
    log.answers, tried = True, log.tried.count("o1")
    writer.submit(after.proposal)
    await until_tried(log, after)
    await asyncio.sleep(0.01)
    assert log.tried.count("o1") <= tried + 1, "an attempt may have been under way"
    assert after.position.sequence == 1
    assert before.told == []
    assert before.proposal.is_handed
