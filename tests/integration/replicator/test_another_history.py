"""Whether a projection holds another history than the logs, asked of logs on real servers."""

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adapters.connection import Connection, open_connection
from adapters.event_log import Append, Entry, EventLog
from core.codec import fingerprint
from core.positions import Epoch, Mark, Region, Sequence
from deploy.local import LocalRegions, local_regions
from replicator.another_history import is_of_another_history

EPOCH = Epoch("k3v9x2")
HERE, EU, JAPAN = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")
_number = itertools.count(1)

Logs = dict[Region, EventLog]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[LocalRegions]:
    """The servers, without a service or a replicator."""
    async with local_regions(regions=3, round_trips=0, services=0, replicators=0) as demo:
        yield demo


@pytest.fixture
async def logs(demo: LocalRegions) -> AsyncIterator[Logs]:
    """One origin's log, and where it is kept."""
    origin = Region(f"origin-{next(_number)}")
    urls = [demo.region(region).nats_url for region in (HERE, EU, JAPAN)]
    async with (
        open_connection([urls[0]], name="here") as here,
        open_connection([urls[1]], name="eu") as eu,
        open_connection([urls[2]], name="japan") as japan,
    ):
        connections: dict[Region, Connection] = {HERE: here, EU: eu, JAPAN: japan}
        for connection in connections.values():
            await connection.session()
        yield {region: EventLog(connection, origin) for region, connection in connections.items()}


def entry(log: EventLog, text: str) -> Entry:
    return Entry(f"events.{log.origin}.{EPOCH}.webhook_created.v1", text.encode())


async def fill(log: EventLog, texts: str) -> None:
    """Make a log with one event for each of `texts`."""
    await log.create(EPOCH, replicas=1)
    for number, text in enumerate(texts):
        assert await log.append([entry(log, text)], after=Sequence(number)) == (Append.STORED, "")


@pytest.mark.parametrize(
    ("here", "eu", "japan", "is_another"),
    [
        ("abc", "abc", "abc", True),
        ("abc", "abc", "ab", True),
        ("abc", "abcd", "", True),
        ("abX", "abX", "abX", False),
        ("ab", "abc", "abc", False),
        ("abc", "ab", "ab", False),
        ("abc", "abX", "abX", False),
        ("abc", "abc", "abX", False),
        ("abc", "", "", False),
    ],
)
async def test_a_projection_is_dropped_only_if_its_log_has_another_event_and_no_region_contradicts_the_log(
    logs: Logs, *, here: str, eu: str, japan: str, is_another: bool
) -> None:
    for region, texts in ((HERE, here), (EU, eu), (JAPAN, japan)):
        if texts:
            await fill(logs[region], texts)
    assert await asked(logs) is is_another


async def asked(logs: Logs) -> bool:
    """Of a projection that is at message 3, and had X there."""
    one = entry(logs[HERE], "X")
    mark = Mark(EPOCH, Sequence(3), fingerprint(one.subject, one.data))
    return await is_of_another_history(mark, log=logs[HERE], elsewhere=[logs[EU], logs[JAPAN]])


async def test_a_region_that_does_not_answer_keeps_a_projection_from_being_dropped(
    logs: Logs, demo: LocalRegions
) -> None:
    for log in logs.values():
        await fill(log, "abc")
    assert await asked(logs)
    await demo.region(JAPAN).nats.stop()
    try:
        assert not await asked(logs)
    finally:
        await demo.region(JAPAN).nats.restart()
