import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from adapters.announcements import Announcement
from adapters.apply_result import Applied, ApplyResult
from adapters.errors import Unavailable
from adapters.projection import Projection
from adapters.projection_state import Required, State
from core.positions import Epoch, Mark, Region, Sequence
from core.subjects import FRAMES
from replicator import announce as announce_module
from replicator import projection_lines
from replicator.announce import Announcer
from replicator.evidence import Evidence
from replicator.proof import Proof
from replicator.retry_policy import Halt
from replicator.status import Status, Step

US, EU, JP = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[Any]]:
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def mark(sequence: int) -> Mark:
    return Mark(Epoch("k3v9x2"), Sequence(sequence), f"{sequence:016x}")


def applied(sequence: int, incarnation: str = "one") -> ApplyResult:
    return ApplyResult(Applied.APPLIED, incarnation, is_current=True, mark=mark(sequence))


class Redis:
    """A projection that says what it is told to."""

    def __init__(self) -> None:
        self.state = State("one", is_current=True, is_required_known=True, vector={})
        self.asked: list[Mapping[Region, Sequence]] = []
        self.when_asked: Callable[[], None] = lambda: None
        self.refused = ""

    async def observe(self, *, stops_at: Mapping[Region, Sequence] | None = None) -> State:
        state = self.state
        self.asked.append(dict(stops_at or {}))
        self.when_asked()
        await asyncio.sleep(0)
        return state

    async def remember(self, *_: object) -> None:
        """What it is to reach it says itself."""


class Wire:
    """A connection, its session, and what was said over it. Saying something takes as long as it is told."""

    def __init__(self) -> None:
        self.said: list[Announcement] = []
        self.when_said: Callable[[], None] = lambda: None
        self.is_connected = True

    @property
    def current(self) -> "Wire":
        return self

    async def publish(self, _: str, payload: bytes) -> None:
        self.said.append(msgspec.json.decode(payload, type=Announcement))
        self.when_said()
        await asyncio.sleep(0)


class Scene:
    def __init__(self) -> None:
        self.redis, self.status = Redis(), Status()
        self.wires = {region: Wire() for region in (US, EU, JP)}
        self.log_readers = SimpleNamespace(reads=[])
        evidence = Evidence(US, others=(), origins=(US, EU, JP))
        projection = cast("Projection", cast("Any", self.redis))
        self.announcer = Announcer(
            US,
            proof=Proof(US, projection=projection, local_logs={}, copies={}, must_exist=(), evidence=evidence),
            evidence=evidence,
            connections=cast("Any", self.wires),
            status=self.status,
            log_readers=cast("Any", self.log_readers),
        )


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """No heartbeat heals what is tested here."""
    monkeypatch.setattr(announce_module, "HEARTBEAT_SECONDS", 60)
    monkeypatch.setattr(announce_module, "REBUILDING_HEARTBEAT_SECONDS", 60)
    return Scene()


@asynccontextmanager
async def running(*works: Any) -> AsyncIterator[None]:  # noqa: ANN401 - coroutines
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not holds():
            await asyncio.sleep(0.001)


async def test_what_happens_while_redis_is_looked_at_is_looked_at_next(scene: Scene) -> None:
    def emptied_meanwhile() -> None:
        scene.redis.when_asked = lambda: None
        scene.redis.state = scene.redis.state._replace(incarnation="two")
        scene.announcer.advanced(US, applied(1, incarnation="two"))

    scene.redis.when_asked = emptied_meanwhile
    async with running(scene.announcer.beat()):
        await until(lambda: scene.announcer.state.incarnation == "two")
    assert len(scene.redis.asked) == 2


async def test_an_origin_hears_of_what_was_applied_while_it_was_being_told(scene: Scene) -> None:
    async with running(scene.announcer.beat()):
        await until(lambda: bool(scene.wires[EU].said))
    wire = scene.wires[EU]

    def more_meanwhile() -> None:
        wire.when_said = lambda: None
        scene.announcer.advanced(EU, applied(2))

    wire.when_said = more_meanwhile
    async with running(scene.announcer.tell_concerned()):
        scene.announcer.advanced(EU, applied(1))
        await until(lambda: wire.said[-1].vector.get(EU) == mark(2))


async def test_regions_that_wait_for_nothing_hear_of_what_was_applied_with_the_next_heartbeat(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Announcements to all others would grow with the square of the number of regions."""
    async with running(scene.announcer.beat()):
        await until(lambda: bool(scene.wires[JP].said))
    bystander = scene.wires[JP]
    async with running(scene.announcer.tell_concerned(), scene.announcer.repeat_here()):
        for sequence in range(1, 20):
            scene.announcer.advanced(EU, applied(sequence)._replace(receivers=1))
            await until(lambda sequence=sequence: scene.wires[EU].said[-1].vector.get(EU) == mark(sequence))  # type: ignore[misc]
    assert len(bystander.said) == 1
    scene.redis.state = scene.redis.state._replace(vector={EU: mark(19)})
    monkeypatch.setattr(announce_module, "HEARTBEAT_SECONDS", 0.01)
    async with running(scene.announcer.beat()):
        await until(lambda: bystander.said[-1].vector.get(EU) == mark(19))


async def test_every_region_hears_whose_nats_is_gone_its_own_included(scene: Scene) -> None:
    for region in (US, JP):
        scene.wires[region].is_connected = False
    async with running(scene.announcer.beat()):
        await until(lambda: bool(scene.wires[EU].said))
    assert scene.wires[EU].said[-1].not_connected == [US, JP]


async def test_a_stop_counts_once_the_mark_has_stood_exactly_there_for_a_while(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce_module, "REBUILDING_HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(announce_module, "STANDS_SECONDS", 0.3)
    redis, loop = scene.redis, asyncio.get_running_loop()
    redis.state = State("one", is_current=False, is_required_known=True, vector={EU: mark(19)})
    scene.status.halt(Step.APPLY, EU, Halt("undecodable", "message 21: no", stops_at=Sequence(20)))
    async with running(scene.announcer.beat()):
        for at in (19, 21):
            redis.state = redis.state._replace(vector={EU: mark(at)})
            asked = len(redis.asked)
            await asyncio.sleep(0.4)
            assert len(redis.asked) > asked
            assert not any(redis.asked), f"it is at {at}"
        redis.state = redis.state._replace(vector={EU: mark(20)})
        begin = loop.time()
        await until(lambda: bool(redis.asked[-1]))
        assert loop.time() - begin >= 0.3
        assert redis.asked[-1] == {EU: 20}

        # In another incarnation it has yet to get there.
        redis.state = State("two", is_current=False, is_required_known=True, vector={})
        await until(lambda: scene.announcer.state.incarnation == "two")
        asked = len(redis.asked)
        await until(lambda: len(redis.asked) > asked + 5)
        assert not any(redis.asked[asked + 1 :])


async def test_a_new_incarnation_has_everything_applied_anew_at_once(scene: Scene) -> None:
    restarted: list[str] = []
    scene.announcer.on_set_back = lambda: restarted.append(scene.announcer.state.incarnation)
    async with running(scene.announcer.beat()):
        await until(lambda: restarted == ["one"])
        scene.redis.state = scene.redis.state._replace(incarnation="two")
        scene.announcer.advanced(US, applied(1, incarnation="two"))
        await until(lambda: restarted == ["one", "two"])


async def test_a_redis_that_may_have_evicted_is_said_once_with_what_to_do(
    scene: Scene, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce_module, "REBUILDING_HEARTBEAT_SECONDS", 0.01)
    scene.redis.state = State("one", is_current=False, is_required_known=True, vector={}, tainted="allkeys-lru")
    async with running(scene.announcer.beat()):
        await until(lambda: len(scene.redis.asked) > 3)
        said = [line for line in lines if line["log_level"] == "error"]
        assert [line["event"] for line in said] == ["projection tainted"]
        for needed in ("allkeys-lru", "noeviction", "FLUSHALL"):
            assert needed in said[0]["why"]
        assert scene.announcer.tainted == "allkeys-lru"
        scene.redis.state = scene.redis.state._replace(tainted="")
        await until(lambda: not scene.announcer.tainted)


async def test_a_projection_is_current_in_the_metrics_only_while_it_can_be_looked_at(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce_module, "HEARTBEAT_SECONDS", 0.01)

    def is_current() -> float | None:
        return REGISTRY.get_sample_value("crosshook_projection_current")

    def no_answer() -> None:
        raise Unavailable("Redis: no answer")

    scene.announcer.expose([])
    assert is_current() == 0
    async with running(scene.announcer.beat()):
        await until(lambda: is_current() == 1)
        scene.redis.when_asked = no_answer
        await until(lambda: is_current() == 0)
        scene.redis.when_asked = lambda: None
        await until(lambda: is_current() == 1)
        scene.redis.state = scene.redis.state._replace(incarnation="two", is_current=False)
        await until(lambda: is_current() == 0)


def gauge(name: str, origin: Region) -> float | None:
    return REGISTRY.get_sample_value(f"crosshook_{name}", {"origin": origin})


async def test_what_a_rebuild_misses_is_what_it_has_to_reach_less_what_it_has_and_nothing_once_it_is_current(
    scene: Scene,
) -> None:
    required = {
        origin: Required(Epoch(epoch), Sequence(9)) for origin, epoch in ((US, "k3v9x2"), (EU, "k3v9x2"), (JP, "other"))
    }
    rebuilding = State("one", is_current=False, is_required_known=True, vector={US: mark(4)}, required=required)
    scene.redis.state = rebuilding
    scene.announcer.expose([US, EU, JP])
    async with running(scene.announcer.beat()):
        await until(lambda: scene.announcer.state.incarnation == "one")
        assert [gauge("rebuild_missing_events", origin) for origin in (US, EU, JP)] == [5, 9, 9]
        for origin, sequence in ((US, 7), (EU, 12), (JP, 2)):
            scene.announcer.advanced(origin, applied(sequence))
        assert [gauge("rebuild_missing_events", origin) for origin in (US, EU, JP)] == [2, 0, 9]
        assert [gauge("watermark_sequence", origin) for origin in (US, EU, JP)] == [7, 12, 2]
        scene.redis.state = rebuilding._replace(incarnation="two", vector={}, is_current=True)
        scene.announcer.advanced(US, applied(8, incarnation="two"))
        await until(lambda: scene.announcer.state.incarnation == "two")
        assert [gauge("rebuild_missing_events", origin) for origin in (US, EU, JP)] == [0, 0, 0]
        assert gauge("watermark_sequence", US) == 0, "it is not known to have what the one before had"


async def test_every_region_is_told_why_the_redis_takes_no_writes(scene: Scene) -> None:
    scene.redis.refused = "MISCONF no space left on device"
    async with running(scene.announcer.beat()):
        await until(lambda: all(wire.said for wire in scene.wires.values()))
    assert {wire.said[-1].refused for wire in scene.wires.values()} == {"MISCONF no space left on device"}


async def test_every_region_is_told_which_messages_this_one_reads_now(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce_module, "HEARTBEAT_SECONDS", 0.001)
    async with running(scene.announcer.beat()):
        for reads in ([FRAMES], [], [FRAMES]):
            scene.log_readers.reads = reads
            await until(partial(all_told, scene, reads))


def all_told(scene: Scene, reads: list[str]) -> bool:
    """Whether the last announcement to each region names these forms."""
    return all(wire.said and wire.said[-1].reads == reads for wire in scene.wires.values())


async def test_the_counts_of_events_are_announced_with_the_watermarks(scene: Scene) -> None:
    counted = msgspec.structs.replace(mark(5), events=900)
    scene.redis.state = scene.redis.state._replace(vector={US: counted, EU: mark(3)})
    async with running(scene.announcer.beat()):
        await until(lambda: bool(scene.wires[EU].said))
    vector = scene.wires[EU].said[-1].vector
    assert [(vector[origin].sequence, vector[origin].count) for origin in (US, EU)] == [(5, 900), (3, 3)]


async def test_a_rebuild_that_stands_still_is_not_told_every_second(
    scene: Scene, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce_module, "REBUILDING_HEARTBEAT_SECONDS", 0.001)
    monkeypatch.setattr(projection_lines, "PROGRESS_SECONDS", 0.0)
    scene.redis.state = State("one", is_current=False, is_required_known=True, vector={US: mark(5)})
    async with running(scene.announcer.beat()):
        await until(lambda: len(scene.redis.asked) > 20)
        assert told(lines, "rebuilding") == [{US: 5}, {US: 5}]
        scene.redis.state = scene.redis.state._replace(vector={US: mark(6)})
        await until(lambda: told(lines, "rebuilding")[-1] == {US: 6})


async def test_a_projection_that_comes_and_goes_is_not_told_each_time(
    scene: Scene, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEARTBEAT_SECONDS", "REBUILDING_HEARTBEAT_SECONDS"):
        monkeypatch.setattr(announce_module, name, 0.001)

    def fails_every_other_time() -> None:
        if len(scene.redis.asked) % 2:
            raise Unavailable("Redis: no answer")

    scene.redis.when_asked = fails_every_other_time
    async with running(scene.announcer.beat()):
        await until(lambda: len(scene.redis.asked) > 20)
    assert len([line for line in lines if line["event"] == "projection unreachable"]) == 1


def told(lines: list[Any], event: str) -> list[dict[Region, int]]:
    return [line["vector"] for line in lines if line["event"] == event]


async def test_its_own_region_gets_an_announcement_at_once_only_if_no_service_received_the_watermark(
    scene: Scene,
) -> None:
    async with running(scene.announcer.beat()):
        await until(lambda: bool(scene.wires[US].said))
    at_home, abroad = scene.wires[US].said, scene.wires[EU].said
    async with running(scene.announcer.tell_concerned()):
        for sequence, result in enumerate(
            (applied(1)._replace(receivers=2), applied(2)._replace(outcome=Applied.DUPLICATE)), start=1
        ):
            scene.announcer.advanced(US, result)
            scene.announcer.advanced(EU, applied(sequence)._replace(receivers=2))
            await until(lambda sequence=sequence: abroad[-1].vector.get(US) == mark(sequence))  # type: ignore[misc]
        assert all(US not in said.vector for said in at_home)
        scene.announcer.advanced(US, applied(3))
        await until(lambda: at_home[-1].vector.get(US) == mark(3))


async def test_its_own_region_gets_later_announcements_of_what_redis_published(scene: Scene) -> None:
    """They repeat what a lost subscription missed, and reach services of a version that does not subscribe."""
    async with running(scene.announcer.beat()):
        await until(lambda: bool(scene.wires[US].said))
    async with running(scene.announcer.tell_concerned(), scene.announcer.repeat_here()):
        scene.announcer.advanced(US, applied(1)._replace(receivers=1))
        await until(lambda: scene.wires[US].said[-1].vector.get(US) == mark(1))


async def test_its_own_region_gets_announcements_of_other_origins_only_if_no_service_received_the_watermark(
    scene: Scene,
) -> None:
    async with running(scene.announcer.beat()):
        await until(lambda: bool(scene.wires[US].said))
    at_home, abroad = scene.wires[US].said, scene.wires[EU].said
    async with running(scene.announcer.tell_concerned(), scene.announcer.repeat_here()):
        scene.announcer.advanced(EU, applied(1)._replace(receivers=1))
        await until(lambda: abroad[-1].vector.get(EU) == mark(1))
        await asyncio.sleep(2 * announce_module.REPEAT_INTERVAL_SECONDS)
        assert len(at_home) == 1
        scene.announcer.advanced(EU, applied(2))
        await until(lambda: at_home[-1].vector.get(EU) == mark(2))


async def test_a_replicator_that_may_not_publish_logs_once_what_to_grant(scene: Scene, lines: list[Any]) -> None:
    async with running(scene.announcer.beat()):
        await until(lambda: scene.announcer.state.incarnation == "one")
    for sequence in range(1, 10):
        scene.announcer.advanced(US, applied(sequence)._replace(unpublished="@user_script: 1: can't run this command"))
    warnings = [line for line in lines if line["log_level"] == "warning"]
    assert [line["event"] for line in warnings] == ["watermarks not published"]
    assert warnings[0]["why"].endswith("; grant the Redis user +publish &crosshook:watermarks:*")
