"""A region's announcements, as a listener there receives them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from adapters.announcements import Announcement, announce, listen
from adapters.connection import Connection, open_connection
from adapters.errors import Unavailable
from adapters.session import Session
from core.positions import Epoch, Mark, Region, Sequence
from deploy.local import LocalRegion
from tests.integration.adapters.logs import until

US, EU = Region("us-iowa"), Region("europe-belgium")
ANNOUNCEMENT = Announcement(
    region=US,
    incarnation="0123:abcd",
    is_current=True,
    vector={US: Mark(Epoch("k3v9x2"), Sequence(2**40), "0123456789abcdef"), EU: Mark(Epoch("x"), Sequence(1), "f")},
    halted={EU: "forked: another message stands at 7"},
)


@asynccontextmanager
async def listening(session: Session) -> AsyncIterator[list[Announcement]]:
    """All received announcements."""
    heard: list[Announcement] = []
    subscription = await listen(session, heard.append)
    await session.client.flush()
    yield heard
    await session.unsubscribe(subscription)


async def test_every_listener_receives_an_announcement_as_it_was_sent(region: LocalRegion, session: Session) -> None:
    async with open_connection([region.nats_url], name="another") as other:
        async with listening(session) as heard, listening(await other.session()) as overheard:
            await announce(session, ANNOUNCEMENT)
            await until(lambda: bool(heard and overheard))
        assert heard == overheard == [ANNOUNCEMENT]


async def test_announcements_of_one_region_arrive_in_the_order_in_which_they_were_sent(session: Session) -> None:
    said = [msgspec.structs.replace(ANNOUNCEMENT, incarnation=str(number)) for number in range(500)]
    async with listening(session) as heard:
        for one in said:
            await announce(session, one)
        await until(lambda: len(heard) == len(said))
    assert heard == said


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"no JSON",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"region": 5}',
        msgspec.json.encode(ANNOUNCEMENT)[:-1],
        b"[" * 5_000,
    ],
)
async def test_a_message_that_is_not_an_announcement_is_ignored_and_the_next_one_arrives(
    session: Session, payload: bytes
) -> None:
    async with listening(session) as heard:
        await session.publish("watermarks.us-iowa", payload)
        await announce(session, ANNOUNCEMENT)
        await until(lambda: bool(heard))
        assert heard == [ANNOUNCEMENT]


async def test_no_announcement_for_another_region_counts(session: Session) -> None:
    async with listening(session) as heard:
        await session.publish("watermarks.europe-belgium", msgspec.json.encode(ANNOUNCEMENT))
        await announce(session, ANNOUNCEMENT)
        await until(lambda: bool(heard))
        assert heard == [ANNOUNCEMENT]


async def test_members_that_a_newer_version_adds_are_ignored(session: Session) -> None:
    newer = msgspec.json.encode({**msgspec.to_builtins(ANNOUNCEMENT), "mood": "good"})
    async with listening(session) as heard:
        await session.publish("watermarks.us-iowa", newer)
        await until(lambda: bool(heard))
        assert heard == [ANNOUNCEMENT]


async def test_a_listener_that_fails_still_receives_the_next_announcement(session: Session) -> None:
    heard: list[Announcement] = []

    def fails_at_first(announcement: Announcement) -> None:
        heard.append(announcement)
        if len(heard) == 1:
            raise ValueError("what")

    await listen(session, fails_at_first)
    await session.client.flush()
    for _ in range(2):
        await announce(session, ANNOUNCEMENT)
    await until(lambda: len(heard) == 2)


async def test_on_a_lost_session_nothing_is_sent_or_received(region: LocalRegion) -> None:
    async with open_connection([region.nats_url], name="short-lived") as connection:
        session = await connection.session()
    for attempt in (announce(session, ANNOUNCEMENT), listen(session, lambda _: None)):
        with pytest.raises(Unavailable, match="the connection is lost"):
            await attempt


async def test_nothing_that_was_published_on_a_lost_session_is_sent_by_the_next_one(
    region: LocalRegion, connection: Connection
) -> None:
    """The client queues what is published before it notices a dead connection."""
    session = await connection.session()
    await region.nats.kill()
    for _ in range(50):
        try:
            await announce(session, ANNOUNCEMENT)
        except Unavailable:
            break
        await asyncio.sleep(0)
    await region.nats.restart()
    after = await connection.session()
    async with listening(after) as heard:
        await announce(after, msgspec.structs.replace(ANNOUNCEMENT, incarnation="after"))
        await until(lambda: bool(heard))
    assert [one.incarnation for one in heard] == ["after"]
