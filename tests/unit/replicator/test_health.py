"""How a replicator is: ready if it can do its region's work, degraded if it cannot do all of it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.projection_state import State
from core.positions import Region
from replicator.health import health
from replicator.retry_policy import Halt
from replicator.status import MOMENT_SECONDS, Status, Step
from runtime.health import Condition, Health, NotReady

HERE, THERE = Region("us-iowa"), Region("asia-japan")
CURRENT = State("one", is_current=True, is_required_known=True, vector={})


class Scene:
    """A replicator for which all is well."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.status = Status(lambda: self.now)
        self.connections = {region: SimpleNamespace(is_connected=True, why_not="") for region in (HERE, THERE)}
        self.redis = SimpleNamespace(unanswered="", refused="")
        self.outdated: dict[str, str] = {}
        self.announcer = SimpleNamespace(tainted="", unreachable="", state=CURRENT)

    def wait(self, step: Step, origin: Region, why: str) -> None:
        self.status.waiting(step, origin, reason="unavailable", why=why)
        self.now += MOMENT_SECONDS
        self.status.waiting(step, origin, reason="unavailable", why=why)

    def health(self) -> Health:
        return health(
            HERE,
            connections=self.connections,
            redis=self.redis,
            announcer=cast("Any", self.announcer),
            status=self.status,
            outdated=self.outdated,
        )


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_one_for_which_all_is_well_is_ready(scene: Scene) -> None:
    assert scene.health() == Health(region=HERE, not_ready={}, halted={}, waits=[])
    assert scene.health().condition is Condition.READY


def test_a_redis_that_takes_no_writes_keeps_it_from_being_ready_and_says_why_once(scene: Scene) -> None:
    scene.redis.refused = "MISCONF no space left on device"
    scene.wait(Step.APPLY, HERE, "Unavailable: Redis: MISCONF no space left on device")
    scene.wait(Step.SHIP, THERE, "Unavailable: the copy refused a batch")
    found = scene.health()
    assert not found.is_ready
    assert found.waiting_for == [
        "Redis of us-iowa to take writes: MISCONF no space left on device",
        "to ship asia-japan: Unavailable: the copy refused a batch",
    ]
    scene.redis.unanswered = "this Redis is a replica"
    assert found.not_ready.keys() == {NotReady.UNWRITABLE}
    assert scene.health().not_ready == {NotReady.REDIS: "Redis of us-iowa: this Redis is a replica"}


def test_an_apply_or_a_ship_that_is_refused_is_named_and_it_serves_all_the_same(scene: Scene) -> None:
    scene.wait(Step.SHIP, THERE, "Unavailable: the copy refused a batch")
    scene.wait(Step.APPLY, HERE, "Unavailable: Redis: BUSY")
    found = scene.health()
    assert (found.condition, found.is_ready) == (Condition.DEGRADED, True)
    assert found.waiting_for == [
        "to ship asia-japan: Unavailable: the copy refused a batch",
        "to apply us-iowa: Unavailable: Redis: BUSY",
    ]


def test_a_region_that_is_cut_off_is_no_trouble_of_this_one(scene: Scene) -> None:
    scene.connections[THERE].is_connected = False
    scene.wait(Step.SHIP, THERE, "Unavailable: not connected")
    assert scene.health().condition is Condition.READY


def test_without_its_own_nats_it_says_that_and_nothing_of_what_follows_from_it(scene: Scene) -> None:
    scene.connections[HERE] = SimpleNamespace(is_connected=False, why_not="refused")
    for step in Step:
        scene.wait(step, HERE if step is Step.ESTABLISH else THERE, "Unavailable: not connected")
    found = scene.health()
    assert found.not_ready == {
        NotReady.NATS: "NATS of us-iowa: refused",
        NotReady.LOG: "the log of us-iowa: Unavailable: not connected",
    }
    assert found.waits == []


def test_a_halted_remote_origin_leaves_it_degraded_and_a_lost_log_of_its_own_does_not(scene: Scene) -> None:
    scene.status.halt(Step.SHIP, THERE, Halt("incomplete", "it begins at message 5", is_about_the_log=True))
    assert (scene.health().condition, scene.health().is_ready) == (Condition.DEGRADED, True)
    scene.status.halt(Step.ESTABLISH, HERE, Halt("lost", "restore it", is_about_the_log=True))
    assert scene.health().not_ready == {NotReady.HALTED: "the log of us-iowa: restore it"}


def test_a_server_that_lacks_security_fixes_leaves_it_degraded_and_ready(scene: Scene) -> None:
    scene.outdated = {"redis": "Redis 6.2.14 lacks security fixes"}
    found = scene.health()
    assert (found.condition, found.is_ready, found.outdated) == (Condition.DEGRADED, True, scene.outdated)
