"""Runs in a real Redis: each is applied once, in order, whatever ends an applier, and however many there are."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain

import pytest
import pytest_asyncio
import redis.asyncio

from adapters.apply_result import Applied, ApplyResult
from adapters.errors import Unavailable
from adapters.follower import Stored
from adapters.projection import STATE_KEY, Projection, open_projection
from adapters.projection_arguments import Run
from core.events import Envelope, TriggerCreated
from core.frames import encode_entry, encode_frame
from core.positions import BEGINNING, Epoch, Region
from core.positions import Sequence as EventSequence
from core.registers import merge
from core.stamps import Clock
from core.subjects import frames_of
from deploy.local import LocalRegion, local_regions
from replicator import runs as runs_module
from replicator.in_order import UNDER_WAY_MAX, Outcome, apply_in_order
from replicator.retry_policy import StoppedAt
from replicator.runs import DecodedRun, runs_of

HERE, EPOCH = Region("us-iowa"), Epoch("k3v9x2")
FRAME_EVENTS = 4
DISTURBANCES = 30

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def region() -> AsyncIterator[LocalRegion]:
    """The servers, without a service or a replicator."""
    async with local_regions(regions=1, services=0, replicators=0) as demo:
        yield demo.region(HERE)


@pytest_asyncio.fixture(loop_scope="module")
async def raw(region: LocalRegion) -> AsyncIterator["redis.asyncio.Redis"]:
    async with redis.asyncio.Redis.from_url(region.redis_url, decode_responses=True) as client:
        await client.flushall()
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def projection(region: LocalRegion, raw: "redis.asyncio.Redis") -> AsyncIterator[Projection]:  # noqa: ARG001
    """An empty projection in which events can be applied."""
    async with open_projection(region.redis_url, region=HERE) as projection:
        await projection.begin()
        yield projection


@pytest.fixture(autouse=True)
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is one message."""
    monkeypatch.setattr(runs_module, "RUN_EVENTS_MAX", FRAME_EVENTS)


def a_log(count: int) -> list[Stored]:
    """Frames in which triggers of a few webhooks are created again and again."""
    return [a_frame(sequence) for sequence in range(1, count + 1)]


def a_frame(sequence: int) -> Stored:
    entries = [
        encode_entry(Envelope("", "o1", "", TriggerCreated(f"w{sequence % 5}", "event", f"{number}"), "a"))
        for number in range(FRAME_EVENTS)
    ]
    data = encode_frame(entries, clock=Clock((9 << 24) + 100 * sequence), batch=1, count=FRAME_EVENTS * sequence)
    return Stored(EventSequence(sequence), frames_of(HERE, EPOCH), data)


def runs_from(known_sequence: int, log: Sequence[Stored]) -> Iterator[DecodedRun]:
    known = log[known_sequence - 1].mark() if known_sequence else BEGINNING
    return runs_of(HERE, known, log[known_sequence:], now_milliseconds=lambda: 9)


async def outcomes_of(runs: Iterator[DecodedRun], projection: Projection) -> list[Outcome]:
    outcomes, error = await outcomes_and_error(runs, projection)
    if error is not None:
        raise error
    return outcomes


def noting(took: Callable[[Outcome], None]) -> Callable[[Outcome], Awaitable[None]]:
    async def noted(outcome: Outcome) -> None:
        took(outcome)

    return noted


async def outcomes_and_error(
    runs: Iterator[DecodedRun], projection: Projection
) -> tuple[list[Outcome], StoppedAt | Unavailable | None]:
    """The outcomes, and what was raised after them, if anything."""
    taken: list[Outcome] = []
    try:
        await apply_in_order(runs, projection, noting(taken.append))
    except (StoppedAt, Unavailable) as error:
        return taken, error
    return taken, None


def places(outcomes: Sequence[Outcome]) -> list[int]:
    return [outcome.run.last.sequence for outcome in outcomes]


async def applied_in(projection: Projection) -> int:
    return (await projection.observe()).vector.get(HERE, BEGINNING).sequence


@pytest.mark.parametrize("count", range(6))
async def test_every_run_is_applied_once_and_has_its_own_outcome(projection: Projection, count: int) -> None:
    log = a_log(count)
    outcomes = await outcomes_of(runs_from(0, log), projection)
    assert [outcome.run.messages for outcome in outcomes] == [[stored] for stored in log]
    assert [outcome.result.mark for outcome in outcomes] == [stored.mark() for stored in log]
    assert {outcome.result.outcome for outcome in outcomes} <= {Applied.APPLIED}
    assert all(outcome.seconds > 0 for outcome in outcomes)
    assert await applied_in(projection) == count


class Recorded:
    """A projection, and how many runs it has been sent without a result, at each result."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._under_way = 0
        self.under_way: list[int] = []

    async def apply(self, run: Run) -> ApplyResult:
        self.under_way.append(1)
        return await self._projection.apply(run)

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[Callable[[Sequence[Run]], Awaitable[ApplyResult]]]:
        async with self._projection.pipeline() as exchange:

            async def recorded(runs: Sequence[Run]) -> ApplyResult:
                self._under_way += len(runs)
                self.under_way.append(self._under_way)
                result = await exchange(runs)
                self._under_way -= 1
                return result

            yield recorded


async def test_redis_has_the_next_run_while_it_applies_one_and_no_run_is_decoded_too_early(
    projection: Projection,
) -> None:
    recorded, decoded = Recorded(projection), 0

    def counted() -> Iterator[DecodedRun]:
        nonlocal decoded
        for run in runs_from(0, a_log(9)):
            decoded += 1
            yield run

    ahead: list[int] = []
    await apply_in_order(counted(), recorded, noting(lambda outcome: ahead.append(decoded - outcome.run.last.sequence)))
    assert recorded.under_way == [1, *[UNDER_WAY_MAX] * 7, 1]
    assert max(ahead) < UNDER_WAY_MAX


@pytest.mark.parametrize("count", range(5))
async def test_a_message_that_cannot_be_decoded_stops_after_the_outcomes_of_all_runs_before_it(
    projection: Projection, count: int
) -> None:
    log = [*a_log(count), a_frame(count + 1)._replace(data=b"{")]
    outcomes, error = await outcomes_and_error(runs_from(0, log), projection)
    assert isinstance(error, StoppedAt)
    assert error.sequence == count
    assert places(outcomes) == [*range(1, count + 1)]
    assert await applied_in(projection) == count


@pytest.mark.parametrize("failing", range(1, 6))
async def test_an_error_of_redis_is_raised_in_its_place_and_nothing_behind_it_is_applied(
    projection: Projection, raw: "redis.asyncio.Redis", failing: int
) -> None:
    log = a_log(5)
    await raw.set(f"webhook:o1:w{failing % 5}", "no hash")
    outcomes, error = await outcomes_and_error(runs_from(0, log), projection)
    assert isinstance(error, Unavailable)
    assert places(outcomes) == [*range(1, failing)]
    assert await applied_in(projection) == failing - 1
    await raw.delete(f"webhook:o1:w{failing % 5}")
    assert len(await outcomes_of(runs_from(failing - 1, log), projection)) == 5 - (failing - 1)
    assert await applied_in(projection) == 5


async def test_runs_behind_a_projection_that_was_emptied_are_not_applied(
    projection: Projection, raw: "redis.asyncio.Redis"
) -> None:
    found: list[Applied] = []

    async def empty_after_the_first(outcome: Outcome) -> None:
        found.append(outcome.result.outcome)
        if len(found) == 1:
            await raw.flushall()
            await projection.begin()

    await apply_in_order(runs_from(0, a_log(6)), projection, empty_after_the_first)
    assert found == [Applied.APPLIED, *[Applied.GAP] * 5]
    assert set(await raw.keys()) == {STATE_KEY}


@pytest.mark.parametrize("seed", range(3))
async def test_several_appliers_that_are_ended_at_any_moment_leave_what_one_would(
    region: LocalRegion, projection: Projection, raw: "redis.asyncio.Redis", seed: int
) -> None:
    """Connections are closed meanwhile, and Redis forgets its scripts."""
    chance, log = random.Random(seed), a_log(200)
    async with open_projection(region.redis_url, region=HERE) as rival:
        appliers = [asyncio.create_task(apply_all(one, log, chance)) for one in (projection, rival, rival)]
        for _ in range(DISTURBANCES):
            await asyncio.sleep(chance.random() / 50)
            if chance.random() < 0.5:
                await raw.script_flush()
            else:
                await raw.client_kill_filter(_type="normal", skipme=True)
        await asyncio.gather(*appliers)
    expected: dict[str, dict[str, str]] = {}
    merge(expected, chain.from_iterable(run.to_apply.writes for run in runs_from(0, log)))
    found = {key: await raw.hgetall(key) for key in await raw.keys() if key != STATE_KEY}
    assert found == expected, f"seed {seed}"
    assert (await projection.observe()).vector == {HERE: log[-1].mark()}, f"seed {seed}"


async def apply_all(projection: Projection, log: Sequence[Stored], chance: random.Random) -> None:
    """Apply `log`, beginning anew at the watermark after every error, and at first also after a short while."""
    ends = iter([chance.random() / 20 for _ in range(DISTURBANCES)])
    while (sequence := await asked(projection)) < len(log):
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(next(ends, None)):
                for outcome in await outcomes_of(runs_from(sequence, log), projection):
                    assert outcome.result.outcome in (Applied.APPLIED, Applied.DUPLICATE)
                    assert outcome.result.mark.sequence >= outcome.run.last.sequence


async def asked(projection: Projection) -> int:
    while True:
        with suppress(Unavailable):
            return await applied_in(projection)
