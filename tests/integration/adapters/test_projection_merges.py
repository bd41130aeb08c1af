"""The projection in a real Redis merges as the pure core does, in any interleaving."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st

from adapters.apply_result import Applied
from adapters.projection import Projection, open_projection
from adapters.projection_arguments import Run
from core.codec import encode, fingerprint
from core.events import AnyEvent, Envelope
from core.positions import BEGINNING, Mark, Position, Region, Sequence
from core.projection import writes_of
from core.registers import Write, merge
from core.stamps import Clock, render
from core.subjects import subject_of
from core.targets import targets_key
from core.webhooks import query_webhooks, webhooks_in
from deploy.local import LocalRegion
from tests.events import events, few
from tests.indexes import derived_index
from tests.integration.adapters.runs import (
    EPOCH,
    ORGANIZATION,
    ORIGINS,
    US,
    Raw,
    Registers,
    current,
    outcome,
    registers_in,
)

Logged = tuple[Mark, str, list[Write]]
"""An event at its place, with its clock and what it writes."""

Logs = dict[Region, list[Logged]]


def logged(origin: Region, sequence: int, clock: int, event: AnyEvent) -> Logged:
    envelope = Envelope(operation_id="o", organization_id=ORGANIZATION, clock=render(Clock(clock)), event=event)
    position = Position(origin, EPOCH, Sequence(sequence))
    known_by = fingerprint(subject_of(origin, EPOCH, event), encode(envelope))
    return Mark(EPOCH, position.sequence, known_by), envelope.clock, writes_of(envelope, position)


@st.composite
def a_log(draw: st.DrawFn, origin: Region) -> list[Logged]:
    """Few webhooks, URLs, triggers and clock readings, so that logs share most registers and entries of the index."""
    any_event = events(few(webhook_ids=["w1", "w2"], key_ids=["k1", "k2"]) | {"name": st.text(max_size=3)})
    facts = draw(st.lists(st.tuples(st.integers(1, 4), any_event), max_size=6))
    return [logged(origin, sequence, clock, event) for sequence, (clock, event) in enumerate(facts, start=1)]


logs_of_three = st.fixed_dictionaries({origin: a_log(origin) for origin in ORIGINS})
schedules = st.lists(st.tuples(st.sampled_from(ORIGINS), st.integers(0, 3), st.integers(1, 4)), max_size=12)


@asynccontextmanager
async def emptied(url: str) -> AsyncIterator[tuple[Projection, Raw]]:
    async with Raw.from_url(url, decode_responses=True) as raw, open_projection(url, region=US) as projection:
        await raw.flushall()
        yield projection, raw


async def apply_all(url: str, logs: Logs, schedule: Iterable[tuple[Region, int, int]]) -> tuple[Registers, Clock, int]:
    """Apply runs as `schedule` divides them (its second member is how far to go back), then all missing events."""
    async with emptied(url) as (projection, raw):
        await current(projection)
        reached = dict.fromkeys(ORIGINS, 0)
        for origin, back, length in (*schedule, *((origin, 0, 99) for origin in ORIGINS)):
            start = max(0, reached[origin] - back)
            events = logs[origin][start : start + length]
            if not events:
                continue
            before = logs[origin][start - 1][0] if start else BEGINNING
            writes = [write for _, _, writes in events for write in writes]
            run = Run(origin, before, events[-1][0], max(clock for _, clock, _ in events), writes)
            end = start + len(events)
            expected = Applied.APPLIED if end > reached[origin] else Applied.DUPLICATE
            assert await outcome(projection, run) is expected
            reached[origin] = max(reached[origin], end)
        view = await projection.read(query_webhooks(ORGANIZATION, offset=0, limit=1_000))
        assert {origin: mark.sequence for origin, mark in view.vector.items()} == {
            origin: len(log) for origin, log in logs.items() if log
        }
        return await registers_in(raw), view.clock, len(webhooks_in(ORGANIZATION, view.registers))


@given(logs=logs_of_three, schedule=schedules)
def test_redis_merges_as_the_core_does_in_any_interleaving(
    region: LocalRegion, logs: Logs, schedule: list[tuple[Region, int, int]]
) -> None:
    expected: Registers = {}
    clocks = [0]
    for log in logs.values():
        for _, clock, writes in log:
            merge(expected, writes)
            clocks.append(int(clock, 16))
    registers, highest, webhooks = asyncio.run(apply_all(region.redis_url, logs, schedule))
    assert registers == expected
    assert highest == max(clocks)
    assert webhooks == len(webhooks_in(ORGANIZATION, expected))
    assert registers.get(targets_key(ORGANIZATION), {}) == derived_index(registers, ORGANIZATION)
