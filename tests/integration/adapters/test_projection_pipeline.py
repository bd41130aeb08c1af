"""Runs that are sent before the ones before them have a result: each is applied only after the one before it."""

import pytest

from adapters import held_connections
from adapters.apply_result import Applied
from adapters.errors import Silent, Unavailable
from adapters.projection import Projection
from core.registers import Write
from tests.integration.adapters.runs import US, Raw, a_run, at, current, outcome, registers_in, stamped


async def test_each_run_has_its_own_result_in_the_order_of_the_runs(projection: Projection) -> None:
    await current(projection)
    runs = [a_run(before, before + 1, Write("k", "f", stamped(before + 1, "v"))) for before in range(10)]
    assert await outcome(projection, runs[0]) is Applied.APPLIED
    async with projection.pipeline() as exchange:
        results = [await exchange(runs[1:3])]
        results += [await exchange([run]) for run in runs[3:]]
        results.append(await exchange([]))
    assert [(result.outcome, result.mark) for result in results] == [
        (Applied.APPLIED, at(last)) for last in range(2, 11)
    ]
    assert (await projection.observe()).vector == {US: at(10)}


async def test_a_run_behind_one_that_failed_half_way_is_not_applied(projection: Projection, raw: Raw) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1))
    await raw.set("wrong", "no hash")
    failing = a_run(1, 2, Write("a", "f", stamped(2, "x")), Write("wrong", "f", stamped(2, "x")))
    async with projection.pipeline() as exchange:
        with pytest.raises(Unavailable):
            await exchange([failing, a_run(2, 3, Write("b", "f", stamped(3, "x")))])
        behind = await exchange([])
    assert (behind.outcome, behind.mark) == (Applied.GAP, at(1))
    await raw.delete("wrong")
    assert set(await registers_in(raw)) == {"a"}
    assert await outcome(projection, failing) is Applied.APPLIED


async def test_runs_behind_a_gap_are_gaps(projection: Projection, raw: Raw) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1))
    async with projection.pipeline() as exchange:
        assert (await exchange([a_run(2, 3), a_run(3, 4, Write("k", "f", stamped(4, "x")))])).outcome is Applied.GAP
        assert (await exchange([])).outcome is Applied.GAP
    assert await registers_in(raw) == {}


async def test_a_script_that_redis_forgot_ends_the_pipeline_and_the_next_call_loads_it(
    projection: Projection, raw: Raw
) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1))
    await raw.script_flush()
    async with projection.pipeline() as exchange:
        with pytest.raises(Unavailable):
            await exchange([a_run(1, 2), a_run(2, 3)])
    assert await outcome(projection, a_run(1, 2)) is Applied.APPLIED
    async with projection.pipeline() as exchange:
        assert (await exchange([a_run(2, 3)])).outcome is Applied.APPLIED


async def test_a_redis_that_stays_silent_is_reported_as_such(
    projection: Projection, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    await current(projection)
    await projection.apply(a_run(0, 1))
    async with projection.pipeline() as exchange:
        await raw.client_pause(300)
        with monkeypatch.context() as patched:
            patched.setattr(held_connections, "CALL_TIMEOUT_SECONDS", 0.1)
            with pytest.raises(Silent):
                await exchange([a_run(1, 2), a_run(2, 3)])
    assert projection.unanswered
    assert await outcome(projection, a_run(1, 2)) in (Applied.APPLIED, Applied.DUPLICATE)
    assert not projection.unanswered
