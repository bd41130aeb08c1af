"""A region announces that it reads frames once its log's readers all did for an unbroken time."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

import pytest
import structlog
from structlog.testing import capture_logs

from adapters.errors import LogMissing, NotTaken, Unavailable
from adapters.follower import Stored
from adapters.jetstream import Reader
from adapters.log_info import LogInfo
from core.positions import Epoch, Region, Sequence
from core.subjects import FORMS, FRAMES, RESTRICTED_KEYS
from replicator import log_readers as log_readers_module
from replicator.log_readers import NEW_SECONDS, SETTLED_SECONDS, LogReaders

ALL, NONE = list(FORMS), frozenset[str]()
READ = [Reader("a", "deliver.replicator.x", frozenset(FORMS)), Reader("b", "deliver.service.x", frozenset(FORMS))]
ONLY_FRAMES = [*READ, Reader("d", "deliver.service.z", frozenset({FRAMES, "another"}))]
MADE = "2026-11-30T12:00:00.123456789Z"
OLDER = [*READ, Reader("c", "deliver.service.y", NONE)]


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[Any]]:
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


class Readers:
    """The readers of a log of older messages at each look, at a time of the test's own clock."""

    origin = Region("us-iowa")

    def __init__(self) -> None:
        self.now = 1_000.0
        self.found: list[Reader] | Exception = READ
        self.looks = 0
        self.created, self.first_stored = MADE, "2026-11-30T12:00:00.25Z"
        self.last = "webhook_created.v1"
        self.log_readers = LogReaders(cast("Any", self), now_seconds=lambda: self.now)

    async def readers(self) -> list[Reader]:
        self.looks += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    async def describe(self) -> LogInfo:
        return LogInfo(Epoch("k3v9x2"), Sequence(1), created=self.created)

    async def stored_at(self, sequence: Sequence) -> str:
        assert sequence == 1
        return self.first_stored

    async def event_at(self, sequence: Sequence) -> Stored:
        return Stored(sequence, f"events.us-iowa.k3v9x2.{self.last}", b"{}")

    async def look(self, found: list[Reader] | Exception, *, after_seconds: float = 1) -> list[str]:
        self.now += after_seconds
        self.found = found
        await self.log_readers.look()
        return self.log_readers.reads

    async def settle(self) -> list[str]:
        await self.look(READ)
        return await self.look(READ, after_seconds=SETTLED_SECONDS + 1)


async def test_nothing_is_announced_before_the_time_of_which_each_look_succeeded_is_over() -> None:
    readers = Readers()
    assert readers.log_readers.reads == []
    assert await readers.look(Unavailable("no answer")) == []
    assert await readers.look(LogMissing("not yet")) == []
    assert await readers.look([]) == [], "not even this replicator follows it yet"
    assert await readers.look(READ) == []
    assert await readers.look(READ, after_seconds=SETTLED_SECONDS - 1) == []
    assert await readers.look(READ, after_seconds=1.5) == ALL


@pytest.mark.parametrize(
    "found",
    [OLDER, [], Unavailable("no answer"), LogMissing("gone")],
    ids=["an older one", "none", "no answer", "no log"],
)
async def test_each_look_that_does_not_show_it_takes_it_back_and_begins_the_time_anew(
    found: list[Reader] | Exception,
) -> None:
    readers = Readers()
    assert await readers.settle() == ALL
    for _ in range(3):
        assert await readers.look(found, after_seconds=SETTLED_SECONDS - 1) == []
        assert await readers.look(READ) == []
        assert await readers.look(READ, after_seconds=SETTLED_SECONDS - 1) == []
    assert await readers.look(READ, after_seconds=1.5) == ALL


async def test_each_form_has_a_time_of_its_own(lines: list[Any]) -> None:
    readers = Readers()
    await readers.look(ONLY_FRAMES)
    assert await readers.look(ONLY_FRAMES, after_seconds=SETTLED_SECONDS + 1) == [FRAMES]
    assert await readers.look(READ) == [FRAMES]
    assert await readers.look(READ, after_seconds=SETTLED_SECONDS - 1) == [FRAMES]
    assert await readers.look(READ, after_seconds=1.5) == ALL
    assert await readers.look(ONLY_FRAMES) == [FRAMES]
    assert {line["event"] for line in lines} == {"restricted API keys"}


async def test_a_log_that_ends_with_a_frame_has_no_older_reader_of_frames_and_may_have_one_of_restricted_keys() -> None:
    readers = Readers()
    readers.last = FRAMES
    assert await readers.look(READ) == [FRAMES]
    assert await readers.look(OLDER) == []
    await readers.look(READ)
    assert await readers.look(READ, after_seconds=SETTLED_SECONDS + 1) == [FRAMES, RESTRICTED_KEYS]


async def test_older_readers_are_logged_once_however_often_they_are_seen(lines: list[Any]) -> None:
    readers = Readers()
    for found in (OLDER, OLDER, READ, OLDER):
        await readers.look(found)
    assert [line["readers"] for line in lines if line["event"] == "frames"] == [["service"], ["service"]]
    assert [line["readers"] for line in lines if line["event"] == "restricted API keys"] == [["service"], ["service"]]


async def test_why_the_readers_cannot_be_listed_is_logged_once_after_the_second_try(lines: list[Any]) -> None:
    readers = Readers()
    refused, late = NotTaken("no responders"), Unavailable("late")
    looks: list[list[Reader] | Exception] = [refused, READ, refused, refused, refused, READ, late, late, late]
    for found in looks:
        await readers.look(found)
    assert [(line["log_level"], line.get("permission")) for line in lines] == [
        ("warning", "CONSUMER.LIST.EVENTS_us-iowa"),
        ("info", None),
    ]


async def test_the_log_is_looked_at_soon_until_it_answers_and_again_and_again_after_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("FIRST_LOOK_SECONDS", "LOOK_SECONDS", "SETTLED_SECONDS"):
        monkeypatch.setattr(log_readers_module, name, 0.001)
    readers = Readers()
    readers.found = LogMissing("not yet")
    looking = asyncio.create_task(readers.log_readers.keep_looking())
    try:
        async with asyncio.timeout(2):
            while readers.looks < 3:
                await asyncio.sleep(0)
            readers.found = READ
            while readers.log_readers.reads != ALL:
                readers.now += 1
                await asyncio.sleep(0)
            readers.found = OLDER
            while readers.log_readers.reads:
                await asyncio.sleep(0)
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


def young(readers: Readers, age_seconds: float) -> LogReaders:
    """Looks at a log that was made `age_seconds` ago, as a process that has just started."""
    now = datetime.fromisoformat(MADE).timestamp() + age_seconds
    return LogReaders(cast("Any", readers), now_seconds=lambda: readers.now, now_since_1970_seconds=lambda: now)


@pytest.mark.parametrize(
    ("age_seconds", "first_stored", "expected"),
    [
        (1.0, "2026-11-30T12:00:00.25Z", ALL),
        (NEW_SECONDS - 0.1, "2026-11-30T12:00:00.123456789Z", ALL),
        (NEW_SECONDS + 0.1, "2026-11-30T12:00:00.25Z", []),
        # A snapshot was restored: the messages are older than the stream.
        (1.0, "2026-11-29T12:00:00Z", []),
    ],
)
async def test_frames_are_announced_at_once_of_a_new_log_but_not_of_one_that_was_restored(
    age_seconds: float, first_stored: str, expected: list[str]
) -> None:
    readers = Readers()
    readers.first_stored = first_stored
    looks = young(readers, age_seconds)
    await looks.look()
    assert looks.reads == expected


async def test_of_a_new_log_with_an_older_reader_no_frames_are_announced() -> None:
    readers = Readers()
    readers.found = OLDER
    looks = young(readers, 1.0)
    await looks.look()
    assert looks.reads == []
