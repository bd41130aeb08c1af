import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from adapters.errors import EpochChanged, Interrupted, Unavailable
from core.codec import Undecodable
from core.positions import Region
from replicator import status as status_module
from replicator.failure import Halt
from replicator.status import Status, Step, persist

US, EU = Region("us-iowa"), Region("europe-belgium")
FORKED = Halt("forked", "another event stands at 7", is_about_the_log=True)
UNDECODABLE = Halt("undecodable", "event 7: no")

Lines = list[Any]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is logged, whoever set logging up before."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


@pytest.fixture
def rechecks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_module, "HALT_RECHECK_SECONDS", 0.001)


def events(lines: Lines) -> list[str]:
    return [line["event"] for line in lines]


def halted_metric(step: Step, origin: Region) -> float | None:
    return REGISTRY.get_sample_value("crosshook_halted", {"step": step, "origin": origin})


def test_a_halt_is_said_once_in_the_log_and_as_a_metric(lines: Lines) -> None:
    status = Status()
    status.halt(Step.APPLY, US, FORKED)
    status.halt(Step.APPLY, US, FORKED)
    assert status.halted == {US: "forked: another event stands at 7"}
    assert status.halted_in(Step.APPLY) == [US]
    assert status.halted_in(Step.SHIP) == []
    assert events(lines) == ["halted"]
    assert lines[0]["reason"] == "forked"
    assert halted_metric(Step.APPLY, US) == 1
    status.halt(Step.APPLY, US, UNDECODABLE)
    assert events(lines) == ["halted", "halted"], "another reason is news"


def test_progress_ends_a_halt_and_says_so(lines: Lines) -> None:
    status = Status()
    status.halt(Step.APPLY, EU, FORKED)
    status.progressed(Step.APPLY, EU)
    assert status.halted == {}
    assert events(lines) == ["halted", "resumed"]
    assert halted_metric(Step.APPLY, EU) == 0
    status.progressed(Step.APPLY, EU)
    assert len(lines) == 2


def test_a_halt_of_one_origin_or_step_is_none_of_another(lines: Lines) -> None:
    status = Status()
    status.halt(Step.APPLY, US, FORKED)
    status.halt(Step.SHIP, EU, FORKED)
    status.progressed(Step.APPLY, EU)
    status.progressed(Step.SHIP, US)
    assert status.halted_in(Step.APPLY) == [US]
    assert status.halted_in(Step.SHIP) == [EU]
    assert set(status.halted) == {US, EU}
    assert events(lines) == ["halted", "halted"]


@pytest.mark.usefixtures("lines")
def test_an_origin_halted_in_two_steps_stays_halted_when_one_goes_on() -> None:
    status = Status()
    status.halt(Step.SHIP, US, FORKED)
    status.halt(Step.APPLY, US, UNDECODABLE)
    status.progressed(Step.SHIP, US)
    assert status.halted == {US: "undecodable: event 7: no"}


@pytest.mark.usefixtures("lines")
def test_following_the_right_log_again_ends_a_halt_about_the_log_and_no_other() -> None:
    status = Status()
    status.halt(Step.APPLY, US, FORKED)
    status.halt(Step.APPLY, EU, UNDECODABLE)
    status.following(Step.APPLY, US)
    status.following(Step.APPLY, EU)
    assert status.halted == {EU: "undecodable: event 7: no"}


def test_waiting_is_said_once_and_names_what_for(lines: Lines) -> None:
    status = Status()
    for _ in range(3):
        status.waiting(Step.ESTABLISH, US, "europe-belgium has not said yet")
    assert status.waiting_in(Step.ESTABLISH) == ["europe-belgium has not said yet"]
    assert status.waiting_in(Step.APPLY) == []
    status.progressed(Step.ESTABLISH, US)
    assert status.waiting_in(Step.ESTABLISH) == []
    assert events(lines) == ["waiting", "following"]


@pytest.mark.usefixtures("lines")
def test_one_that_is_halted_does_not_wait() -> None:
    status = Status()
    status.waiting(Step.ESTABLISH, US, "an answer")
    status.halt(Step.ESTABLISH, US, FORKED)
    assert status.waiting_in(Step.ESTABLISH) == []


class Life:
    """It fails in the ways given, one after the other, and then ends well."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.times: list[float] = []

    async def __call__(self) -> None:
        self.times.append(asyncio.get_running_loop().time())
        if self.failures:
            raise self.failures.pop(0)

    async def persists(self, status: Status) -> None:
        async with asyncio.timeout(5):
            await persist(self, step=Step.APPLY, origin=US, status=status)


@pytest.mark.usefixtures("rechecks_at_once")
async def test_it_goes_on_after_every_kind_of_failure_until_it_returns(lines: Lines) -> None:
    life = Life(
        Interrupted("in doubt"),
        Unavailable("no answer"),
        EpochChanged(US, known="a", found="b"),
        Undecodable("event 7"),
        ValueError("what"),
    )
    status = Status()
    await life.persists(status)
    assert len(life.times) == 6
    assert status.halted == {}
    said = [(line["event"], line.get("reason", "")) for line in lines]
    assert said == [
        ("waiting", ""),
        ("halted", "epoch_changed"),
        ("halted", "undecodable"),
        ("unexpected", ""),
        ("halted", "unexpected"),
        ("resumed", ""),
    ]


@pytest.mark.usefixtures("lines")
async def test_a_doubt_is_followed_at_once_and_a_failure_after_a_moment() -> None:
    life = Life(Interrupted("in doubt"), Unavailable("no answer"))
    await life.persists(Status())
    doubt, failure = life.times[1] - life.times[0], life.times[2] - life.times[1]
    assert doubt < 0.2
    assert failure >= 0.24


@pytest.mark.usefixtures("lines")
async def test_a_halted_origin_is_left_alone_for_a_while() -> None:
    life = Life(EpochChanged(US, known="a", found="b"))
    status = Status()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await persist(life, step=Step.APPLY, origin=US, status=status)
    assert len(life.times) == 1
    assert list(status.halted) == [US]


@pytest.mark.usefixtures("lines")
async def test_being_cancelled_is_no_failure() -> None:
    status = Status()
    with pytest.raises(asyncio.CancelledError):
        await Life(asyncio.CancelledError()).persists(status)
    assert status.halted == {}
