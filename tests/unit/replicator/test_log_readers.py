"""A region announces that it reads frames once no reader of an older version was seen for a while."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
import structlog
from structlog.testing import capture_logs

from adapters.errors import LogMissing, Unavailable
from core.subjects import FRAMES
from replicator import log_readers as log_readers_module
from replicator.log_readers import SETTLED_SECONDS, LogReaders

READ, OLDER = True, False


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[Any]]:
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


class Readers:
    """The readers of a log at each look, and what they are found to read at a time of the test's own clock."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.found: bool | Exception = READ
        self.looks = 0
        self.log_readers = LogReaders(cast("Any", self), now_seconds=lambda: self.now)

    async def is_read_in_frames(self) -> bool:
        self.looks += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    async def look(self, found: bool | Exception, *, after_seconds: float = 1) -> list[str]:  # noqa: FBT001 - an answer
        self.now += after_seconds
        self.found = found
        await self.log_readers.look()
        return self.log_readers.reads


async def test_nothing_is_announced_before_the_first_look_succeeds() -> None:
    readers = Readers()
    assert readers.log_readers.reads == []
    assert await readers.look(Unavailable("no answer")) == []
    assert await readers.look(LogMissing("not yet")) == []
    assert await readers.look(READ) == [FRAMES]


async def test_after_a_reader_of_an_older_version_it_takes_a_while_without_one() -> None:
    readers = Readers()
    assert await readers.look(OLDER) == []
    assert await readers.look(READ) == []
    assert await readers.look(READ, after_seconds=SETTLED_SECONDS - 1.5) == []
    assert await readers.look(READ) == [FRAMES]


async def test_the_while_begins_again_with_each_sight_of_an_older_reader(lines: list[Any]) -> None:
    readers = Readers()
    assert await readers.look(READ) == [FRAMES]
    for _ in range(3):
        assert await readers.look(OLDER, after_seconds=SETTLED_SECONDS - 1) == []
        assert await readers.look(READ, after_seconds=SETTLED_SECONDS - 1) == []
    assert await readers.look(READ, after_seconds=1.5) == [FRAMES]
    assert [line["event"] for line in lines] == ["frames"], "one line, however often it is seen"


async def test_a_log_that_does_not_answer_leaves_what_was_seen_last() -> None:
    readers = Readers()
    assert await readers.look(READ) == [FRAMES]
    assert await readers.look(Unavailable("no answer"), after_seconds=60) == [FRAMES]
    assert await readers.look(OLDER) == []
    assert await readers.look(Unavailable("no answer")) == []


async def test_the_log_is_looked_at_soon_until_it_answers_and_again_and_again_after_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_readers_module, "FIRST_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(log_readers_module, "LOOK_SECONDS", 0.001)
    readers = Readers()
    readers.found = Unavailable("no answer")
    looking = asyncio.create_task(readers.log_readers.keep_looking())
    try:
        async with asyncio.timeout(2):
            while readers.looks < 3:
                await asyncio.sleep(0)
            readers.found = READ
            while readers.log_readers.reads != [FRAMES]:
                await asyncio.sleep(0)
            readers.found = OLDER
            while readers.log_readers.reads:
                await asyncio.sleep(0)
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
