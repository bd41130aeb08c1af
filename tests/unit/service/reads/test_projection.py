"""A read shows everything that its region was known to have before it, or is refused."""

import asyncio
from typing import Any, cast

import pytest

from adapters.projection import View
from core.known_marks import KnownMarks
from core.positions import Epoch, Mark, Region, Sequence, Vector
from core.registers import Query
from core.stamps import NEVER
from service.reads.projection import ProjectionReader
from service.request.concurrency_limit import ConcurrencyLimit
from service.request.errors import RegionUnavailable
from tests.unit.service.asked_by import asked_by

US, EU = Region("us-iowa"), Region("europe-belgium")


def vector(**sequences: int) -> dict[Region, Mark]:
    return {
        Region(origin.replace("_", "-")): Mark(Epoch("k3v9x2"), Sequence(sequence), f"{sequence:016x}")
        for origin, sequence in sequences.items()
    }


class Scene:
    """A projection that returns given vectors, one after the other, when the test allows it."""

    def __init__(self) -> None:
        self.known = KnownMarks()
        self.answers: list[View] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = asyncio.Event()
        self.reader = ProjectionReader(
            US,
            projection=cast("Any", self),
            concurrency_limit=ConcurrencyLimit(10),
            known=self.known,
            now_milliseconds=lambda: 0,
            on_use=lambda _caller, _view: None,
        )

    async def read(self, _: Query) -> View:
        view = self.answers.pop(0)
        self.asked.set()
        await self.may_answer.wait()
        return view

    async def shown(self, vector: dict[Region, Mark], incarnation: str = "1:ab:0:x") -> Vector:
        self.answers.append(View(vector, NEVER, {}, incarnation=incarnation))
        return (await self.reader.read(Query(()), asked_by())).vector


async def test_a_later_read_shows_at_least_what_an_earlier_read_showed_or_is_refused() -> None:
    scene = Scene()
    await scene.shown(vector(us_iowa=5, europe_belgium=3))
    for older in (vector(us_iowa=4, europe_belgium=3), vector(us_iowa=5, europe_belgium=2), vector(us_iowa=9), {}):
        with pytest.raises(RegionUnavailable, match="lost data"):
            await scene.shown(older)
    newer = vector(us_iowa=5, europe_belgium=4)
    assert await scene.shown(newer, "1:cd:0:y") == newer


async def test_a_later_read_shows_at_least_what_a_replicator_announced_or_is_refused() -> None:
    scene = Scene()
    scene.known.shown(US, "1:ab:0:x", vector(europe_belgium=3), is_current=True)
    with pytest.raises(RegionUnavailable):
        await scene.shown(vector(europe_belgium=2))
    assert await scene.shown(vector(europe_belgium=3))


async def test_a_read_need_not_show_marks_that_arrive_during_it() -> None:
    """They may have been applied after Redis was read."""
    scene = Scene()
    scene.may_answer.clear()
    reading = asyncio.create_task(scene.shown(vector(europe_belgium=2)))
    await scene.asked.wait()
    scene.known.shown(US, "1:ab:0:x", vector(europe_belgium=3), is_current=True)
    scene.may_answer.set()
    assert await reading == vector(europe_belgium=2)
    with pytest.raises(RegionUnavailable):
        await scene.shown(vector(europe_belgium=2))


async def test_a_projection_that_was_rebuilt_for_another_history_needs_no_mark_of_the_earlier_one() -> None:
    scene = Scene()
    await scene.shown(vector(us_iowa=9))
    assert await scene.shown(vector(us_iowa=4), "1:ab:7:y")
    with pytest.raises(RegionUnavailable):
        await scene.shown(vector(us_iowa=3), "1:ab:7:y")
