import pytest

from core.positions import Epoch, Mark, Position, Region, Sequence
from service.watermarks import acknowledgements
from service.watermarks.acknowledgements import Acknowledgements
from service.watermarks.waiters import Waiters

HERE, THERE = Region("us-iowa"), Region("europe-belgium")
EPOCH = Epoch("k3v9x2")


class Scene:
    """The batches that one process stores, the announcements that it receives, and the times that it measures."""

    def __init__(self) -> None:
        self.measured: dict[Region, list[float]] = {HERE: [], THERE: []}
        self.waiters = Waiters()
        self.it = Acknowledgements(self.waiters, {region: times.append for region, times in self.measured.items()})

    def store(self, sequence: int, now: float) -> None:
        self.it.stored(Position(HERE, EPOCH, Sequence(sequence)), now_seconds=now)

    def hear(self, region: Region, sequence: int, now: float, *, incarnation: str = "one") -> None:
        vector = {HERE: Mark(EPOCH, Sequence(sequence), f"{sequence:016x}")}
        self.waiters.heard(region, incarnation, vector, is_current=True)
        self.it.heard(region, now_seconds=now)


def test_each_batch_is_timed_once_for_each_region_when_it_is_applied_there_as_a_whole() -> None:
    scene = Scene()
    scene.store(3, 10.0)
    scene.store(5, 11.0)
    scene.hear(HERE, 4, 12.0)
    assert scene.measured == {HERE: [2.0], THERE: []}
    scene.hear(THERE, 5, 14.0)
    scene.hear(THERE, 6, 15.0)
    assert scene.measured == {HERE: [2.0], THERE: [4.0, 3.0]}


def test_an_acknowledgement_before_the_answer_of_the_log_took_no_time() -> None:
    scene = Scene()
    scene.hear(HERE, 3, 9.0)
    scene.store(3, 10.0)
    assert scene.measured[HERE] == [0.0]


def test_a_projection_that_went_back_is_waited_for_again() -> None:
    scene = Scene()
    scene.hear(THERE, 4, 9.0)
    scene.hear(THERE, 1, 9.5, incarnation="two")
    scene.store(3, 10.0)
    scene.hear(THERE, 3, 11.0, incarnation="two")
    assert scene.measured[THERE] == [], "it has had 4"
    scene.hear(THERE, 4, 12.0, incarnation="two")
    assert scene.measured[THERE] == [2.0]


def test_for_a_region_that_stays_away_only_the_oldest_batches_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(acknowledgements, "PENDING_MAX", 2)
    scene = Scene()
    for sequence in range(1, 6):
        scene.store(sequence, float(sequence))
    scene.hear(THERE, 5, 10.0)
    assert scene.measured[THERE] == [9.0, 8.0]


def test_a_region_that_is_not_observed_is_ignored() -> None:
    scene = Scene()
    scene.hear(Region("asia-japan"), 3, 9.0)
    assert scene.measured == {HERE: [], THERE: []}
