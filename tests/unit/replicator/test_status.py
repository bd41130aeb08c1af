from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from core.positions import Region, Sequence
from replicator.retry_policy import Halt
from replicator.status import MOMENT_SECONDS, Status, Step

US, EU = Region("us-iowa"), Region("europe-belgium")
FORKED = Halt("forked", "another message stands at 7", is_about_the_log=True)
UNDECODABLE = Halt("undecodable", "message 7: no", stops_at=Sequence(6))
LOST = Halt("lost", "there is no log, and message 7 was read from it", is_about_the_log=True)

Lines = list[Any]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is logged, even if another test has configured logging."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def events(lines: Lines) -> list[str]:
    return [line["event"] for line in lines]


def halted_metric(step: Step, origin: Region, halt: Halt) -> float | None:
    return REGISTRY.get_sample_value("crosshook_halted", {"step": step, "origin": origin, "reason": halt.reason})


def waiting_metric(step: Step, origin: Region) -> dict[str, float | None]:
    labels = {"step": step, "origin": origin}
    return {
        reason: REGISTRY.get_sample_value("crosshook_waiting", {**labels, "reason": reason})
        for reason in ("in_doubt", "unavailable")
    }


def test_a_halt_is_said_once_in_the_log_and_as_a_metric(lines: Lines) -> None:
    status = Status()
    status.halt(Step.APPLY, US, FORKED)
    status.halt(Step.APPLY, US, FORKED)
    assert status.halted == {US: "forked: another message stands at 7"}
    assert events(lines) == ["halted"]
    assert lines[0]["reason"] == "forked"
    assert halted_metric(Step.APPLY, US, FORKED) == 1
    status.halt(Step.APPLY, US, UNDECODABLE)
    assert events(lines) == ["halted", "halted"], "another reason is news"
    assert halted_metric(Step.APPLY, US, FORKED) == 0
    assert halted_metric(Step.APPLY, US, UNDECODABLE) == 1


def test_progress_ends_a_halt_and_says_so(lines: Lines) -> None:
    status = Status()
    status.halt(Step.APPLY, EU, FORKED)
    status.progressed(Step.APPLY, EU)
    assert status.halted == {}
    assert events(lines) == ["halted", "resumed"]
    assert halted_metric(Step.APPLY, EU, FORKED) == 0
    status.progressed(Step.APPLY, EU)
    assert len(lines) == 2


def test_a_halt_of_one_origin_or_step_is_none_of_another(lines: Lines) -> None:
    status = Status()
    status.halt(Step.APPLY, US, FORKED)
    status.halt(Step.SHIP, EU, FORKED)
    status.progressed(Step.APPLY, EU)
    status.progressed(Step.SHIP, US)
    assert set(status.halted) == {US, EU}
    assert events(lines) == ["halted", "halted"]


@pytest.mark.usefixtures("lines")
def test_an_origin_halted_in_two_steps_stays_halted_when_one_goes_on() -> None:
    status = Status()
    status.halt(Step.SHIP, US, FORKED)
    status.halt(Step.APPLY, US, UNDECODABLE)
    status.progressed(Step.SHIP, US)
    assert status.halted == {US: "undecodable: message 7: no"}


@pytest.mark.usefixtures("lines")
def test_following_the_right_log_again_ends_a_halt_about_the_log_and_no_other() -> None:
    status = Status()
    status.halt(Step.APPLY, US, FORKED)
    status.halt(Step.APPLY, EU, UNDECODABLE)
    status.following(Step.APPLY, US)
    status.following(Step.APPLY, EU)
    assert status.halted == {EU: "undecodable: message 7: no"}


@pytest.mark.usefixtures("lines")
def test_a_step_stops_where_an_event_is_the_reason_and_nowhere_else() -> None:
    status = Status()
    status.halt(Step.APPLY, US, UNDECODABLE)
    status.halt(Step.APPLY, EU, FORKED)
    status.halt(Step.SHIP, EU, UNDECODABLE)
    assert status.stops(Step.APPLY) == {US: 6}
    status.halt(Step.APPLY, US, Halt("unexpected", "a fault of ours"))
    assert status.stops(Step.APPLY) == {}


def test_waiting_is_said_once_for_each_reason_and_names_it(lines: Lines) -> None:
    status = Status()
    for _ in range(3):
        status.waiting(Step.ESTABLISH, US, reason="unavailable", why="europe-belgium has not said yet")
    for _ in range(3):
        status.waiting(Step.ESTABLISH, US, reason="unavailable", why="there is no space")
    assert status.lacking(US) == ["there is no space"]
    assert status.lacking(EU) == []
    status.progressed(Step.ESTABLISH, US)
    assert status.lacking(US) == []
    assert events(lines) == ["waiting", "waiting", "following"]
    assert [line.get("why") for line in lines[:2]] == ["europe-belgium has not said yet", "there is no space"]


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize("step", [Step.ESTABLISH, Step.APPLY])
def test_a_log_that_was_lost_is_lacking_until_it_is_followed_again(step: Step) -> None:
    status = Status()
    status.halt(step, US, LOST)
    status.halt(step, EU, FORKED)
    assert status.lacking(US) == ["there is no log, and message 7 was read from it"]
    assert status.lacking(EU) == []
    status.following(step, US)
    assert status.lacking(US) == []


@pytest.mark.usefixtures("lines")
def test_one_that_waits_to_apply_does_not_lack_its_log() -> None:
    status = Status()
    status.waiting(Step.APPLY, US, reason="in_doubt", why="the projection is at 5")
    assert status.lacking(US) == []


@pytest.mark.usefixtures("lines")
def test_one_that_is_halted_does_not_wait() -> None:
    status = Status()
    status.waiting(Step.ESTABLISH, US, reason="unavailable", why="an answer")
    status.halt(Step.ESTABLISH, US, FORKED)
    assert status.lacking(US) == []


def test_a_step_that_fails_and_goes_on_many_times_a_second_is_not_told_each_time(lines: Lines) -> None:
    """As one that follows its log well, and whose every append is refused."""
    now = [0.0]
    status = Status(lambda: now[0])
    for _ in range(240):
        status.waiting(Step.SHIP, US, reason="unavailable", why="the copy refused a batch")
        status.following(Step.SHIP, US)
        now[0] += 0.25
    assert events(lines) == ["waiting", "following"]


def long_waits(status: Status, *connected: Region) -> dict[tuple[Step, Region], str]:
    return status.long_waits(is_connected=lambda origin: origin in (connected or {US, EU}), can_apply=True)


def test_that_another_region_is_cut_off_is_no_wait_of_this_one(lines: Lines) -> None:
    now = [0.0]
    status = Status(lambda: now[0])
    for step in Step:
        status.waiting(step, EU, reason="unavailable", why="not connected")
    now[0] += MOMENT_SECONDS
    assert long_waits(status, US) == {(Step.APPLY, EU): "not connected"}
    assert set(long_waits(status)) == {(Step.APPLY, EU), (Step.SHIP, EU)}
    assert len(lines) == len(Step)


def test_a_step_waits_long_once_a_moment_has_passed_since_it_began_to(lines: Lines) -> None:
    now = [0.0]
    status = Status(lambda: now[0])
    status.waiting(Step.SHIP, US, reason="in_doubt", why="message 5 came after 3")
    now[0] += MOMENT_SECONDS - 0.1
    status.waiting(Step.SHIP, US, reason="unavailable", why="no answer")
    assert long_waits(status) == {}
    assert waiting_metric(Step.SHIP, US) == {"in_doubt": 0, "unavailable": 1}
    now[0] += 0.2
    assert long_waits(status) == {(Step.SHIP, US): "no answer"}
    status.halt(Step.SHIP, US, FORKED)
    assert long_waits(status) == {}
    assert events(lines) == ["waiting", "waiting", "halted"], "it does not go on"
    assert waiting_metric(Step.SHIP, US) == {"in_doubt": 0, "unavailable": 0}
