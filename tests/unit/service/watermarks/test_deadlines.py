import asyncio

from core.positions import Epoch, Mark, Position, Region, Sequence
from service.watermarks.deadlines import Deadlines
from service.watermarks.waiters import Waiters

HERE, THERE = Region("us-iowa"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")
LONG = 600.0
"""Longer than any wait in these tests, which end for another reason."""


def hear(waiters: Waiters, region: Region, sequence: int) -> None:
    waiters.heard(region, "a", {HERE: Mark(EPOCH, Sequence(sequence), "f")}, is_current=True)


def in_seconds(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_a_wait_for_a_reached_position_ends_at_once() -> None:
    waiters = Waiters()
    hear(waiters, HERE, 5)
    assert await Deadlines(waiters).reach(Position(HERE, EPOCH, Sequence(5)), {HERE}, in_seconds(LONG), by="x") == set()


async def test_a_wait_ends_with_the_last_region_or_at_the_deadline_with_the_missing_regions() -> None:
    waiters = Waiters()
    deadlines, position = Deadlines(waiters), Position(HERE, EPOCH, Sequence(5))
    patient = asyncio.create_task(deadlines.reach(position, {HERE, THERE}, in_seconds(LONG), by="x"))
    hasty = asyncio.create_task(deadlines.reach(position, {HERE, THERE}, in_seconds(0.01), by="x"))
    await asyncio.sleep(0)
    hear(waiters, HERE, 5)
    assert await hasty == {THERE}
    hear(waiters, THERE, 6)
    assert await patient == set()
    assert len(waiters) == 0, "no waiter is remembered after its end"


async def test_every_wait_ends_when_the_process_stops_even_one_that_begins_later() -> None:
    deadlines = Deadlines(Waiters())
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    early = asyncio.create_task(deadlines.until(future, in_seconds(LONG)))
    await asyncio.sleep(0)
    ending = in_seconds(0.01)
    deadlines.end_all_at(ending)
    await early
    await deadlines.until(future, in_seconds(LONG))
    assert in_seconds(0) >= ending
    assert not future.done()


async def test_a_cancelled_wait_is_forgotten() -> None:
    waiters = Waiters()
    waits = asyncio.create_task(
        Deadlines(waiters).reach(Position(HERE, EPOCH, Sequence(5)), {HERE}, in_seconds(LONG), by="x")
    )
    await asyncio.sleep(0)
    assert len(waiters) == 1
    waits.cancel()
    await asyncio.wait([waits])
    assert len(waiters) == 0
