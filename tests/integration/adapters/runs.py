"""Runs of events for a projection in a real Redis, and their outcomes."""

import redis.asyncio

from adapters.apply_result import Applied
from adapters.projection import STATE_KEY, Projection
from adapters.projection_arguments import Run
from core.positions import BEGINNING, Epoch, Mark, Region, Sequence
from core.registers import Write
from core.stamps import Clock, render

US, EU, JP = ORIGINS = Region("us-iowa"), Region("europe-belgium"), Region("asia-japan")
EPOCH = Epoch("k3v9x2")
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
Raw = redis.asyncio.Redis
Registers = dict[str, dict[str, str]]


def at(sequence: int, name: str = "", epoch: Epoch = EPOCH) -> Mark:
    return Mark(epoch, Sequence(sequence), f"{name or 'e'}{sequence:015x}") if sequence else BEGINNING


def stamped(clock: int, value: str, origin: int = 0) -> str:
    return f"{clock:018x}{origin:06x}{clock:012x}{value}"


def a_run(
    before: int, last: int, *writes: Write, origin: Region = US, name: str = "", epoch: Epoch = EPOCH, clock: int = 0
) -> Run:
    return Run(
        origin=origin,
        before=at(before, name, epoch),
        last=at(last, name, epoch),
        clock_text=render(Clock(clock or last)),
        writes=writes,
    )


async def begun(projection: Projection, **ends: int) -> str:
    """A projection that must reach `ends` (of us_iowa and so on) to be current."""
    incarnation = await projection.begin()
    await projection.require(
        incarnation, {Region(origin.replace("_", "-")): at(sequence) for origin, sequence in ends.items()}
    )
    return incarnation


async def current(projection: Projection) -> str:
    incarnation = await begun(projection)
    assert (await projection.observe()).is_current
    return incarnation


async def registers_in(raw: Raw) -> Registers:
    keys = [key async for key in raw.scan_iter(count=1_000) if key != STATE_KEY]
    return {str(key): {str(name): str(text) for name, text in (await raw.hgetall(key)).items()} for key in keys}


async def outcome(projection: Projection, run: Run) -> Applied:
    return (await projection.apply(run)).outcome
