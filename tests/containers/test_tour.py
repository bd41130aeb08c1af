"""The tour: what the regions of docker-compose.yml do when somebody cuts, kills, empties and stops parts of them."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx
import pytest

from tests.containers.composed import READY_SECONDS_MAX, Composed
from tests.containers.ways_in import WaysIn
from tests.e2e.callers import Caller, Told, under_load
from tests.e2e.evidence import check, check_told, settled
from tests.keys import Keys

pytestmark = [pytest.mark.containers, pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("mended")]

IOWA, BELGIUM, JAPAN = "us-iowa", "europe-belgium", "asia-japan"
PATIENCE_SECONDS = 60.0
PARTS = ("service-1", "service-2", "replicator-1", "replicator-2", "link", "redis", "nats")


async def held_true(inside: WaysIn, told: Iterable[Told]) -> None:
    """Every region comes to have everything, and what callers were told is so."""
    evidence = await settled(inside, within_seconds=PATIENCE_SECONDS, connect=inside.connect)
    check(evidence)
    check_told(evidence, told)


async def becomes_readable(caller: Caller, *told: Told) -> None:
    """Return once a region shows all of them."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for one in told:
            while await caller.read_status(one.webhook_id) != 200:
                await asyncio.sleep(0.05)


async def on_the_lag_page(url: str, is_shown: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the page is told as soon as it is shown."""
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        httpx.AsyncClient(base_url=url) as client,
        client.stream("GET", "/dashboard/events") as answer,
    ):
        async for line in answer.aiter_lines():
            kind, _, value = line.partition(": ")
            if kind == "data" and "cells" in (told := json.loads(value)) and is_shown(told):
                found: dict[str, Any] = told
                return found
    raise AssertionError("the page is told nothing more")


def silent(told: Mapping[str, Any]) -> set[str]:
    """Who is not heard."""
    return {region["name"] for region in told["regions"] if region["since_milliseconds"] is not None}


async def test_what_is_created_at_either_level_is_read_in_every_region(
    composed: Composed, keys: Keys, inside: WaysIn
) -> None:
    async with composed.callers(keys) as callers:
        everywhere = [await caller.register(level="all_regions") for caller in callers.values()]
        assert [told.status for told in everywhere] == [201, 201, 201]
        assert [await caller.read_status(told.webhook_id) for caller in callers.values() for told in everywhere] == [
            200
        ] * 9
        here = [await caller.register(level="local_region") for caller in callers.values()]
        assert [told.status for told in here] == [201, 201, 201]
        for told, caller in zip(here, callers.values(), strict=True):
            assert await caller.read_status(told.webhook_id) == 200
        assert await callers[IOWA].trigger(everywhere[0].webhook_id, level="all_regions") == 201
        for caller in callers.values():
            await becomes_readable(caller, *here)
    await held_true(inside, [*everywhere, *here])


async def test_a_region_that_is_cut_off_is_named_goes_on_alone_and_has_everything_after_the_heal(
    composed: Composed, keys: Keys, inside: WaysIn
) -> None:
    async with composed.callers(keys) as callers:
        page = await callers[IOWA].client.get("/dashboard")
        assert (page.status_code, page.headers["Content-Type"].partition(";")[0]) == (200, "text/html")
        await composed.cut(JAPAN)
        late = await callers[IOWA].register(level="all_regions", timeout_seconds=2)
        assert (late.status, late.state) == (408, "committed")
        assert late.body["meta"]["consistency"]["pending"] == [JAPAN]
        alone = [await caller.register(level="local_region") for caller in callers.values()]
        assert [told.status for told in alone] == [201, 201, 201]
        from_iowa = await on_the_lag_page(composed.urls["us-iowa-service-1"], lambda told: silent(told) == {JAPAN})
        assert any(f"Not heard: {JAPAN} since" in note["text"] for note in from_iowa["notes"])
        await on_the_lag_page(composed.urls["asia-japan-service-1"], lambda told: silent(told) == {IOWA, BELGIUM})
        await composed.heal(JAPAN)
        for caller in callers.values():
            await becomes_readable(caller, *alone)
        await on_the_lag_page(composed.urls["us-iowa-service-1"], lambda told: not silent(told) and not told["notes"])
        again = await callers[IOWA].register(level="all_regions", timeout_seconds=30)
        assert again.status == 201
    await held_true(inside, [late, *alone, again])


async def test_a_replicator_that_is_killed_is_missed_by_nobody(composed: Composed, keys: Keys, inside: WaysIn) -> None:
    async with composed.callers(keys) as callers:
        async with under_load(list(callers.values()), each=2, level="all_regions", pause_seconds=0.2) as load:
            for region in (IOWA, JAPAN):
                await composed.compose("kill", f"{region}-replicator-1")
                before = len(load.of(201))
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while len(load.of(201)) < before + 20:
                        await asyncio.sleep(0.05)
        assert {told.status for told in load.told} == {201}
        states = await composed.states()
        assert [states[f"{region}-replicator-1"]["State"]["Status"] for region in (IOWA, JAPAN)] == ["exited"] * 2
    await held_true(inside, load.told)


async def test_an_emptied_redis_is_rebuilt_and_meanwhile_nothing_untrue_is_said(
    composed: Composed, keys: Keys, inside: WaysIn
) -> None:
    async with composed.callers(keys) as callers:
        known = [await caller.register(level="all_regions") for caller in callers.values()]
        seen: list[int] = []
        is_over = asyncio.Event()

        async def watch() -> None:
            while not is_over.is_set():
                seen.append(await callers[BELGIUM].read_status(known[len(seen) % len(known)].webhook_id))

        async with asyncio.TaskGroup() as group:
            group.create_task(watch())
            empty = "REDISCLI_AUTH=$(cat /etc/crosshook/operator-password) redis-cli --user operator FLUSHALL"
            emptied = await composed.execute(f"{BELGIUM}-redis", "sh", "-c", empty)
            assert emptied.out.strip() == "OK", emptied
            for told in known:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while await callers[BELGIUM].read_status(told.webhook_id) != 200:
                        await asyncio.sleep(0.05)
            is_over.set()
        assert {200} < set(seen) <= {200, 503}, "never a 404, nor a 401 since the keys were gone too"
        after = await callers[IOWA].register(level="all_regions")
        assert after.status == 201
    await held_true(inside, [*known, after])


async def test_a_whole_region_can_be_stopped_and_the_others_write_on(
    composed: Composed, keys: Keys, inside: WaysIn
) -> None:
    everything = [f"{JAPAN}-{part}" for part in PARTS]
    async with composed.callers(keys) as callers:
        before = await callers[JAPAN].register(level="local_region")
        await becomes_readable(callers[IOWA], before)
        await composed.compose("stop", *everything, within_seconds=READY_SECONDS_MAX)
        others = [callers[IOWA], callers[BELGIUM]]
        meanwhile = [await caller.register(level="local_region") for caller in others for _ in range(5)]
        assert {told.status for told in meanwhile} == {201}
        late = await callers[BELGIUM].register(level="all_regions", timeout_seconds=2)
        assert (late.status, late.body["meta"]["consistency"]["pending"]) == (408, [JAPAN])
        await becomes_readable(callers[BELGIUM], before, *meanwhile)
        await composed.compose("start", *reversed(everything), within_seconds=READY_SECONDS_MAX)
        await composed.ready(everything)
        await becomes_readable(callers[JAPAN], before, *meanwhile)
        after = await callers[JAPAN].register(level="all_regions")
        assert after.status == 201
    await held_true(inside, [before, *meanwhile, late, after])
