"""The age of an event is read once. If the event cannot be read, its age grows from when it was first missing."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from adapters.errors import Unavailable
from adapters.follower import Stored
from core.codec import encode
from core.events import Envelope, WebhookDeleted
from core.frames import encode_entry, encode_frame
from core.positions import Epoch, Mark, Region, Sequence
from core.stamps import Clock, render
from core.subjects import frames_of
from core.topology import parse_topology
from service.lag import sampling as lag_sampling
from service.lag.matrix import Pair
from service.lag.metrics import LagMetrics
from service.lag.sampling import LagSampling
from service.reads.local_logs import LocalLogs
from service.watermarks.heard import Heard

HERE, THERE = Region("us-iowa"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")
ADDRESS = {"nats": ["nats://127.0.0.1:4222"], "redis": "redis://127.0.0.1:6379/0"}
TOPOLOGY = parse_topology({"regions": {HERE: ADDRESS, THERE: ADDRESS, "gone": {"state": "retired"}}}, here=HERE)
START_MILLISECONDS = 1_700_000_000_000


def mark(sequence: int) -> Mark:
    return Mark(EPOCH, Sequence(sequence), f"{sequence:016x}")


def event(sequence: int, *, written_milliseconds: int, epoch: Epoch = EPOCH) -> Stored:
    envelope = Envelope(
        operation_id="o",
        organization_id="an organization",
        author="a",
        clock=render(Clock(written_milliseconds << 24)),
        event=WebhookDeleted(webhook_id="w"),
    )
    return Stored(Sequence(sequence), f"events.{HERE}.{epoch}.webhook_deleted.v1", encode(envelope))


class World:
    """A region whose log ends at 7, of which another one has applied 4."""

    def __init__(self, read: Callable[[Sequence], Stored | None]) -> None:
        self.now = SimpleNamespace(seconds=1_000.0, milliseconds=START_MILLISECONDS)
        self.applied = 4
        self.asked: list[int] = []
        self.is_silent = False
        self._read = read
        self._heard_at = 0.0
        anybody: Any = self
        self.log_state = SimpleNamespace(
            session="a session", has_room=True, group_commit=SimpleNamespace(tail=SimpleNamespace(end=mark(7)))
        )
        log_state: Any = self.log_state
        self.sampling = LagSampling(
            HERE,
            topology=TOPOLOGY,
            region=anybody,
            log_state=log_state,
            logs=LocalLogs({HERE: anybody, THERE: anybody}),
            now_milliseconds=lambda: int(self.now.milliseconds),
        )

    def heard_of(self) -> dict[Region, Heard]:
        if not self.is_silent:
            self._heard_at = self.now.seconds
        vectors = {HERE: {HERE: mark(7)}, THERE: {HERE: mark(self.applied)}}
        at = {HERE: self.now.seconds, THERE: self._heard_at}
        return {region: Heard(at_seconds=at[region], vector=vector) for region, vector in vectors.items()}

    async def event_at(self, sequence: Sequence) -> Stored | None:
        self.asked.append(sequence)
        return self._read(sequence)

    def later(self, seconds: float) -> None:
        self.now.seconds += seconds
        self.now.milliseconds += int(seconds * 1_000)

    async def milliseconds(self) -> int | None:
        return (await self.sampling.look()).lags[Pair(THERE, HERE)].milliseconds


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Callable[..., World]:
    def make(read: Callable[[Sequence], Stored | None]) -> World:
        made = World(read)
        monkeypatch.setattr(lag_sampling, "monotonic", lambda: made.now.seconds)
        return made

    return make


Make = Callable[[Callable[[Sequence], Stored | None]], World]


async def test_the_age_of_the_oldest_unapplied_event_is_read_once_and_grows(world: Make) -> None:
    there = world(lambda sequence: event(sequence, written_milliseconds=START_MILLISECONDS - 500))
    assert await there.milliseconds() == 500
    there.later(1)
    assert await there.milliseconds() == 1_500
    there.is_silent = True
    there.later(60)
    assert await there.milliseconds() == 61_500
    assert there.asked == [5]
    there.applied = 5
    assert await there.milliseconds() == 61_500
    assert there.asked == [5, 6]
    there.applied = 7
    assert await there.milliseconds() == 0
    assert there.asked == [5, 6]


async def test_the_age_of_a_frame_is_that_of_its_first_event(world: Make) -> None:
    def a_frame(sequence: Sequence) -> Stored:
        entries = [encode_entry(Envelope("", "an organization", "", WebhookDeleted(webhook_id="w")))] * 3
        clock = Clock((START_MILLISECONDS - 500) << 24)
        return Stored(sequence, frames_of(HERE, EPOCH), encode_frame(entries, clock=clock, batch=1, count=15))

    there = world(a_frame)
    assert await there.milliseconds() == 500
    assert there.asked == [5]


async def test_what_is_lacking_is_not_asked_for_where_nothing_is(world: Make) -> None:
    there = world(lambda _: None)
    there.applied = 7
    assert await there.milliseconds() == 0
    assert there.asked == []


def unavailable(_: Sequence) -> Stored | None:
    raise Unavailable("not connected")


@pytest.mark.parametrize(
    "read",
    [
        unavailable,
        lambda _: None,
        lambda sequence: Stored(sequence, f"events.{HERE}.{EPOCH}.webhook_deleted.v9", b"{}"),
        lambda sequence: event(sequence, written_milliseconds=0, epoch=Epoch("another")),
    ],
    ids=["no answer", "not here yet", "undecodable", "of another log"],
)
async def test_the_age_of_an_unreadable_event_is_how_long_it_has_been_missing(
    world: Make, read: Callable[[Sequence], Stored | None]
) -> None:
    there = world(read)
    assert await there.milliseconds() == 0
    there.later(3)
    assert await there.milliseconds() == 3_000
    assert there.asked == [5, 5]


async def test_the_age_of_an_event_from_a_clock_that_is_ahead_grows_too(world: Make) -> None:
    there = world(lambda sequence: event(sequence, written_milliseconds=START_MILLISECONDS + 3_600_000))
    assert await there.milliseconds() == 0
    there.later(3)
    assert await there.milliseconds() == 3_000


async def test_a_log_that_does_not_answer_does_not_delay_a_sample(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag_sampling, "READ_SECONDS", 0.01)
    there = world(lambda _: None)

    async def never(_: Sequence) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(there, "event_at", never)
    async with asyncio.timeout(1):
        assert await there.milliseconds() == 0


async def test_after_a_failure_the_next_second_is_sampled(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    there = world(lambda _: None)
    monkeypatch.setattr(lag_sampling, "SAMPLE_SECONDS", 0.01)
    looked = asyncio.Event()
    there.sampling.on_sample = lambda _: looked.set()
    healthy, there.log_state.group_commit = there.log_state.group_commit, SimpleNamespace()
    running = asyncio.create_task(there.sampling.run())
    await asyncio.sleep(0)
    there.log_state.group_commit = healthy
    async with asyncio.timeout(2):
        await looked.wait()
    running.cancel()


async def test_sampling_that_fails_every_time_is_logged_once(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.lag.sampling.SAMPLE_SECONDS", 0.0)
    structlog.reset_defaults()
    failed = 0

    def fails() -> None:
        nonlocal failed
        failed += 1
        raise ValueError("what")

    there = world(lambda _: None)
    monkeypatch.setattr(there.sampling, "known", fails)
    with capture_logs() as lines:
        running = asyncio.create_task(there.sampling.run())
        async with asyncio.timeout(2):
            while failed < 5:
                await asyncio.sleep(0)
        running.cancel()
    assert [line["event"] for line in lines] == ["the lag could not be sampled"]


async def test_retired_regions_are_in_no_row_and_no_column(world: Make) -> None:
    assert world(lambda _: None).sampling.regions == (HERE, THERE)


async def test_the_gauges_have_only_what_is_known(world: Make) -> None:
    there = world(lambda sequence: event(sequence, written_milliseconds=START_MILLISECONDS - 500))
    registry = CollectorRegistry()
    registry.register(LagMetrics(there.sampling))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"crosshook_{name}", labels)

    assert value("lag_events", behind=THERE, origin=HERE) is None, "there is no sample yet"
    await there.sampling.look()
    assert value("lag_events", behind=THERE, origin=HERE) == 3
    assert value("lag_seconds", behind=THERE, origin=HERE) == 0.5
    assert value("lag_seconds", behind=HERE, origin=THERE) == 0
    assert value("announcement_age_seconds", of=THERE) == 0
    there.is_silent = True
    there.later(5)
    await there.sampling.look()
    there.later(0.25)
    assert value("lag_events", behind=THERE, origin=HERE) == 3
    assert value("lag_seconds", behind=THERE, origin=HERE) == 5.5
    assert value("announcement_age_seconds", of=THERE) == 5.25
    assert value("lag_events", behind=HERE, origin=THERE) is None
    assert value("lag_seconds", behind=HERE, origin=THERE) is None
    assert value("announcement_age_seconds", of="gone") is None
