"""When a read waits for the events that its token names, and when it does not."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from adapters.log_info import LogInfo
from adapters.projection import View
from core.positions import Epoch, Mark, Region, Sequence
from core.registers import Query
from core.stamps import NEVER, origin_code
from core.tokens import Place, Token
from core.topology import RegionConfig, RegionState, Topology
from service.reads.session_consistency import SessionConsistency
from service.request.context import Identified, ReadRequest
from service.request.errors import NotSeenInTime, WriteLost
from service.request.shown import Progress
from service.watermarks.deadlines import Deadlines
from service.watermarks.waiters import Waiters
from tests.unit.service.asked_by import asked_by

HERE, THERE, GONE = Region("us-iowa"), Region("asia-japan"), Region("europe-belgium")
OLD, NOW, LATER = Epoch("old"), Epoch("now"), Epoch("later")
SOON, LONG = 0.05, 20.0


def vector(**sequences: int) -> dict[Region, Mark]:
    return {Region(name.replace("_", "-")): Mark(NOW, Sequence(at), "f") for name, at in sequences.items()}


class ProjectionReader:
    """A projection that advances with each read until the last of its vectors."""

    def __init__(self, *vectors: dict[Region, Mark]) -> None:
        self._vectors = list(vectors)
        self.reads = 0

    async def read(self, query: Query, request: Identified, *, deadline: float) -> View:  # noqa: ARG002 - as the real one
        self.reads += 1
        found = self._vectors.pop(0) if len(self._vectors) > 1 else self._vectors[0]
        return View(vector=found, clock=NEVER, registers={})


class Logs:
    """Logs of the present epoch, which left the old one at 5. They do not answer the first `silent` times."""

    def __init__(self, silent: int = 0) -> None:
        self._silent = silent

    async def describe(self, origin: Region) -> LogInfo | None:  # noqa: ARG002 - all are alike
        self._silent -= 1
        return None if self._silent >= 0 else LogInfo(NOW, Sequence(9), ancestors=((OLD, Sequence(5)),))


def asking(token: Token, seconds: float = SOON) -> ReadRequest:
    by, deadline = asked_by(), asyncio.get_running_loop().time() + seconds
    return ReadRequest(
        caller=by.caller, timing=by.timing, held=by.held, asked=token, timeout_seconds=1, deadline=deadline
    )


async def read(session_consistency: SessionConsistency, request: ReadRequest) -> View:
    return await session_consistency.read(Query(()), request, Progress(request.asked))


def reader(
    projection_reader: ProjectionReader, waiters: Waiters | None = None, logs: Logs | None = None
) -> SessionConsistency:
    states = {HERE: RegionState.ACTIVE, THERE: RegionState.ACTIVE, GONE: RegionState.RETIRED}
    topology = Topology({name: RegionConfig(state=state) for name, state in states.items()})
    given: Any = {"projection_reader": projection_reader, "logs": logs or Logs()}
    return SessionConsistency(
        HERE, topology=topology, deadlines=Deadlines(Waiters() if waiters is None else waiters), **given
    )


def at(region: Region, sequence: int, epoch: Epoch = NOW) -> Token:
    return {origin_code(region): Place(epoch, Sequence(sequence))}


@pytest.mark.parametrize(
    "token",
    [{}, at(HERE, 7), at(THERE, 3), {**at(HERE, 7), **at(THERE, 3)}, at(GONE, 1_000), at(HERE, 5, OLD)],
)
async def test_a_read_does_not_wait_if_the_region_has_the_token_or_its_origin_is_retired(token: Token) -> None:
    projection_reader = ProjectionReader(vector(us_iowa=7, asia_japan=3))
    progress = Progress(token)
    await reader(projection_reader).read(Query(()), asking(token), progress)
    assert projection_reader.reads == 1
    assert progress.is_caught_up


async def test_a_read_waits_for_a_missing_event_and_is_repeated_only_when_it_has_arrived() -> None:
    waiters, projection_reader = Waiters(), ProjectionReader(vector(us_iowa=7), vector(us_iowa=8))
    reading = asyncio.create_task(read(reader(projection_reader, waiters), asking(at(HERE, 8), LONG)))
    for _ in range(3):
        await asyncio.sleep(0.01)
    assert projection_reader.reads == 1
    waiters.heard(HERE, "a", vector(us_iowa=8), is_current=True)
    assert (await reading).vector == vector(us_iowa=8)
    assert projection_reader.reads == 2


@pytest.mark.parametrize(
    ("token", "missing"),
    [
        (at(HERE, 8), HERE),
        (at(THERE, 4), THERE),
        (at(THERE, 1, LATER), THERE),
        ({"000000": Place(NOW, Sequence(1))}, "000000"),
    ],
)
async def test_the_error_names_an_event_that_is_late_and_the_projection_is_not_read_again(
    token: Token, missing: str
) -> None:
    projection_reader = ProjectionReader(vector(us_iowa=7, asia_japan=3))
    progress = Progress(token)
    with pytest.raises(NotSeenInTime, match=missing):
        await reader(projection_reader).read(Query(()), asking(token), progress)
    assert projection_reader.reads == 1
    assert not progress.is_caught_up


async def test_a_read_fails_at_once_if_a_restore_lost_the_event() -> None:
    with pytest.raises(WriteLost):
        await read(reader(ProjectionReader(vector(us_iowa=7))), asking(at(HERE, 6, OLD), LONG))


async def test_a_log_that_does_not_answer_is_asked_again() -> None:
    projection_reader = ProjectionReader(vector(us_iowa=7))
    await read(reader(projection_reader, logs=Logs(silent=2)), asking(at(HERE, 5, OLD), LONG))
    assert projection_reader.reads == 1


async def test_a_process_that_stops_answers_every_waiting_request() -> None:
    deadlines = Deadlines(Waiters())
    session_consistency = reader(ProjectionReader(vector(us_iowa=7)))
    session_consistency._deadlines = deadlines  # noqa: SLF001 - so that it can be told to stop
    tokens: Iterable[Token] = (at(HERE, 8), at(THERE, 1, LATER), {"000000": Place(NOW, Sequence(1))})
    reading = [asyncio.create_task(read(session_consistency, asking(token, LONG))) for token in tokens]
    await asyncio.sleep(0.01)
    deadlines.end_all_at(asyncio.get_running_loop().time())
    for outcome in await asyncio.gather(*reading, return_exceptions=True):
        assert isinstance(outcome, NotSeenInTime)
