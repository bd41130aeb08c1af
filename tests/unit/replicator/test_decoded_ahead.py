"""The next run is decoded while the caller waits, and everything else is as if it was decoded when asked for."""

import asyncio
from collections.abc import Iterator

import pytest

from core.codec import Undecodable
from core.positions import BEGINNING, Region, Sequence
from replicator.decoded_ahead import TURNS, DecodedAhead
from replicator.retry_policy import StoppedAt
from replicator.runs import DecodedRun

HERE = Region("us-iowa")


class Runs:
    """Some runs, how many of them are decoded, and the error that follows them, if any."""

    def __init__(self, count: int, *, error: Exception | None = None) -> None:
        self.all = [DecodedRun(HERE, BEGINNING, BEGINNING, events=number) for number in range(count)]
        self.decoded = 0
        self._error = error

    def __iter__(self) -> Iterator[DecodedRun]:
        for run in self.all:
            self.decoded += 1
            yield run
        if self._error is not None:
            raise self._error


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_next_run_is_decoded_while_the_caller_waits_but_not_before_its_call_is_sent() -> None:
    runs = Runs(3)
    with DecodedAhead(iter(runs)) as ahead:
        assert ahead.next() is runs.all[0]
        ahead.decode_soon()
        await turns(TURNS - 1)
        assert runs.decoded == 1
        await turns(2)
        assert runs.decoded == 2
        assert [ahead.next(), ahead.next(), ahead.next()] == [runs.all[1], runs.all[2], None]


async def test_a_caller_that_did_not_wait_gets_every_run_once() -> None:
    runs = Runs(3)
    with DecodedAhead(iter(runs)) as ahead:
        taken = []
        while (run := ahead.next()) is not None:
            taken.append(run)
            ahead.decode_soon()
        await turns(2 * TURNS)
    assert taken == runs.all


@pytest.mark.parametrize("error", [StoppedAt(Sequence(7), Undecodable("unknown")), ValueError("unknown")])
async def test_an_error_of_decoding_is_raised_in_its_place(error: Exception) -> None:
    with DecodedAhead(iter(Runs(1, error=error))) as ahead:
        assert ahead.next() is not None
        ahead.decode_soon()
        await turns(2 * TURNS)
        with pytest.raises(type(error), match="unknown"):
            ahead.next()


async def test_nothing_is_decoded_after_the_end() -> None:
    runs = Runs(2)
    with DecodedAhead(iter(runs)) as ahead:
        ahead.next()
        ahead.decode_soon()
    await turns(2 * TURNS)
    assert runs.decoded == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}
