"""A region's own log, and the copies of it elsewhere, on two real servers."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import nats
import pytest
import pytest_asyncio
import structlog
from nats.js.api import StreamConfig
from structlog.testing import capture_logs

from adapters.connection import Connection, open_connection
from adapters.errors import LogMissing
from adapters.event_log import Append, Entry, EventLog
from adapters.log_info import metadata_of
from core.positions import Epoch, Region, Sequence
from core.subjects import stream_of, subjects_of
from deploy.local import LocalRegions, local_regions
from replicator import establish as establish_module
from replicator import supervisor as persistence_module
from replicator.establish import Keeper
from replicator.status import Status, Step
from replicator.supervisor import Supervisor

EPOCH = Epoch("k3v9x2")
EU = Region("europe-belgium")
_number = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[LocalRegions]:
    """The servers, without a service or a replicator."""
    async with local_regions(regions=2, round_trips=0, services=0, replicators=0) as demo:
        yield demo


@dataclass
class Place:
    """One origin's log at home, and where its copy is."""

    own: EventLog
    copy: EventLog
    away: Connection
    home_url: str
    status: Status = field(default_factory=Status)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        keeper = Keeper(self.own, copies={EU: self.copy}, replicas=1, is_first_start=False, status=self.status)
        supervisor = Supervisor(keeper.run, step=Step.ESTABLISH, origin=self.own.origin, status=self.status)
        running = asyncio.create_task(supervisor.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def exists(self) -> None:
        """Return once there is a log at home."""
        async with asyncio.timeout(5):
            while True:
                with suppress(LogMissing):
                    await self.own.describe()
                    return
                await asyncio.sleep(0.01)

    async def says(self, reason: str) -> str:
        """Why the log is halted at home, once it is for that reason."""
        async with asyncio.timeout(5):
            while not self.status.halted.get(self.own.origin, "").startswith(f"{reason}: "):
                await asyncio.sleep(0.01)
        return self.status.halted[self.own.origin]

    async def is_well(self) -> None:
        async with asyncio.timeout(5):
            while self.status.halted:
                await asyncio.sleep(0.01)

    async def lose(self) -> None:
        client = await nats.connect(self.home_url)
        await client.jetstream().delete_stream(stream_of(self.own.origin))
        await client.close()


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What is logged. Everything is looked at more often."""
    monkeypatch.setattr(establish_module, "WATCH_SECONDS", 0.1)
    monkeypatch.setattr(persistence_module, "HALT_RECHECK_SECONDS", 0.1)
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


@pytest.fixture
async def place(demo: LocalRegions) -> AsyncIterator[Place]:
    origin = Region(f"origin-{next(_number)}")
    home_url, away_url = demo.region("us-iowa").nats_url, demo.region(EU).nats_url
    async with open_connection([home_url], name="home") as home, open_connection([away_url], name="away") as away:
        await home.session()
        await away.session()
        yield Place(EventLog(home, origin), EventLog(away, origin), away, home_url)


async def filled(log: EventLog, texts: str, epoch: Epoch = EPOCH) -> None:
    """A log with one event for each of `texts`."""
    await log.create(epoch, replicas=1)
    for number, text in enumerate(texts):
        entry = Entry(f"events.{log.origin}.{epoch}.webhook_created.v1", text.encode())
        assert await log.append([entry], after=Sequence(number)) == (Append.STORED, "")


async def test_a_log_that_no_region_has_is_created_and_its_copy_may_be_behind(place: Place) -> None:
    async with place.kept():
        await place.exists()
        epoch = (await place.own.describe()).epoch
        await filled(place.own, "abc", epoch)
        await filled(place.copy, "ab", epoch)
        await asyncio.sleep(0.3)
        assert not place.status.halted
        assert not place.status.lacking(place.own.origin)


async def test_if_the_others_have_only_empty_copies_the_log_is_created_with_their_epoch(place: Place) -> None:
    await place.copy.create(EPOCH, replicas=1)
    async with place.kept():
        await place.exists()
        assert (await place.own.describe()).epoch == EPOCH
        await asyncio.sleep(0.3)
        assert not place.status.halted


async def test_if_another_region_has_an_event_of_the_log_it_was_lost_and_is_not_created(place: Place) -> None:
    await filled(place.copy, "a")
    async with place.kept():
        assert "europe-belgium has a copy of it up to 1" in await place.says("lost")
        assert place.status.lacking(place.own.origin)
        with pytest.raises(LogMissing):
            await place.own.describe()


async def test_a_log_that_vanishes_while_it_is_watched_is_lost_and_is_not_created_again(
    place: Place, lines: list[Any]
) -> None:
    await filled(place.own, "abc")
    async with place.kept():
        await asyncio.sleep(0.2)
        await place.lose()
        assert "message 3 was read from it" in await place.says("lost")
        with pytest.raises(LogMissing):
            await place.own.describe()
        assert place.status.lacking(place.own.origin)
        assert [line["reason"] for line in lines if line["event"] == "halted"] == ["lost"]
        await filled(place.own, "abc")
        await place.is_well()
        assert not place.status.lacking(place.own.origin)


async def test_an_empty_log_that_vanishes_is_created_again_with_its_epoch(place: Place) -> None:
    await place.own.create(EPOCH, replicas=1)
    async with place.kept():
        await asyncio.sleep(0.2)
        await place.lose()
        await place.exists()
        assert (await place.own.describe()).epoch == EPOCH
        assert not place.status.halted


async def test_a_log_that_ends_before_its_copy_went_back_and_its_own_region_reports_it(place: Place) -> None:
    await filled(place.own, "ab")
    await filled(place.copy, "abc")
    async with place.kept():
        why = await place.says("went_back")
        assert why == "went_back: the log ends at 2, before message 3 that europe-belgium has a copy of"


async def test_a_log_that_went_back_and_was_appended_to_past_its_copy_forked(place: Place) -> None:
    await filled(place.own, "abXY")
    await filled(place.copy, "abc")
    async with place.kept():
        assert "another message stands at 3, where europe-belgium has a copy of" in await place.says("forked")


async def test_a_log_that_lacks_its_beginning_is_incomplete_until_the_right_one_is_back(
    place: Place, lines: list[Any]
) -> None:
    await trimmed(place.own, place.home_url, begins=3)
    async with place.kept():
        assert await place.says("incomplete") == "incomplete: the log is incomplete: it begins at message 3"
        await place.lose()
        await filled(place.own, "abc")
        await place.is_well()
    assert [line["event"] for line in lines if line["event"] in ("halted", "resumed")][-1] == "resumed"


async def test_a_copy_that_lacks_its_beginning_does_not_contradict_the_log(place: Place, demo: LocalRegions) -> None:
    await filled(place.own, "abc")
    await trimmed(place.copy, demo.region(EU).nats_url, begins=4)
    async with place.kept():
        await asyncio.sleep(0.3)
        assert not place.status.halted


async def trimmed(log: EventLog, url: str, *, begins: int) -> None:
    """A log that was made by hand, so that its first three events could be purged up to before `begins`."""
    client = await nats.connect(url)
    config = StreamConfig(
        name=stream_of(log.origin),
        subjects=[subjects_of(log.origin, EPOCH)],
        metadata=metadata_of(log.origin, EPOCH, ()),
    )
    await client.jetstream().add_stream(config)
    await filled(log, "abc")
    await client.jetstream().purge_stream(stream_of(log.origin), seq=begins)
    await client.close()


async def test_a_log_with_another_epoch_than_its_copy_was_created_anew(place: Place) -> None:
    await filled(place.own, "abc", Epoch("anew"))
    await filled(place.copy, "a")
    async with place.kept():
        assert "the log has epoch anew, and europe-belgium has a copy of k3v9x2" in await place.says("epoch_changed")


async def test_an_unreachable_region_does_not_matter_for_an_existing_log(place: Place, demo: LocalRegions) -> None:
    await filled(place.own, "ab")
    await filled(place.copy, "abc")
    away = demo.region(EU).nats
    await away.stop()
    async with place.kept():
        await asyncio.sleep(0.3)
        assert not place.status.halted
        await away.restart()
        await place.away.session()
        await place.says("went_back")
