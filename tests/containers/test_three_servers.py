"""Regions of three NATS servers, by deploy/nats/three.yml: any one may die, writes continue, and nothing is lost."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from core.subjects import stream_of
from deploy.docker.layout import MONITOR, nats_service
from deploy.local.network.ports import Ports
from tests.containers.composed import (
    ADDED_SERVERS,
    ONE_SERVER,
    REGIONS,
    RUN_ONCE,
    RUNNING,
    THREE_SERVERS,
    UP_SECONDS_MAX,
    Composed,
)
from tests.containers.leftovers import a_run
from tests.containers.truth import becomes_readable, held_true
from tests.containers.ways_in import ways_in
from tests.e2e.callers import Told, accepted, under_load
from tests.measured import MEASURED

pytestmark = [pytest.mark.containers, pytest.mark.asyncio(loop_scope="module")]

HERE, *ELSEWHERE = REGIONS
SERVERS = {f"{HERE}-{number}": nats_service(HERE, server=number) for number in (1, 2, 3)}
"""The name of a NATS server -> its container."""

TIMEOUT_SECONDS = 30
GOES_ON_SECONDS_MAX = 60.0
"""The time for two elections, in case the first one fails, on a busy machine."""

PATIENCE_SECONDS = 60.0
UP = "docker compose up -d"
INIT_SAID = "docker compose logs --no-log-prefix init"


async def test_three_replicas_configured_on_one_server_take_no_region_down(composed: Composed) -> None:
    """The added servers have nothing to start with, which is an error. All other servers continue with their logs."""
    keys = await composed.keys()
    async with composed.callers(keys) as callers:
        before = await callers[HERE].register(level="all_regions")
        assert before.status == 201
    composed.files_of_compose = THREE_SERVERS
    try:
        outcome = await composed.paste(UP, within_seconds=UP_SECONDS_MAX)
        assert outcome.code != 0, "not all that was asked for is there"
        await composed.ready(RUNNING)
        assert "These volumes are of regions with one NATS server each" in (await composed.paste(INIT_SAID)).out
        async with composed.callers(keys) as callers:
            for caller in callers.values():
                await becomes_readable(caller, before)
            after = [await caller.register(level="all_regions") for caller in callers.values()]
        assert [one.status for one in after] == [201, 201, 201]
    finally:
        composed.files_of_compose = ONE_SERVER
        await composed.paste(f"{UP} --remove-orphans", within_seconds=UP_SECONDS_MAX)
    await composed.ready(RUNNING)
    assert set(await composed.states()) == {*RUNNING, *RUN_ONCE}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def three(built: Composed) -> AsyncIterator[Composed]:
    """Regions of three servers, from nothing. Those of one server are paused."""
    ports = Ports()
    with a_run() as name:
        regions = Composed(name, ports, files=THREE_SERVERS, image=built.image)
        async with built.paused():
            try:
                await regions.up()
                yield regions
            finally:
                await regions.down()
                ports.close()


async def log_at(three: Composed, service: str) -> dict[str, Any]:
    """A server's description of the region's own log; `{}` if it does not answer or does not know the log."""
    url = f"http://{MONITOR}/jsz?accounts=true&streams=true"
    outcome = await three.execute(service, "wget", "-q", "-O", "-", url)
    accounts = json.loads(outcome.out).get("account_details", []) if outcome.code == 0 else []
    logs = [log for account in accounts for log in account.get("stream_detail", [])]
    return next((log for log in logs if log["name"] == stream_of(HERE)), {})


async def leader_of_the_log(three: Composed) -> str:
    """The container of the server that leads it, according to all three."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            said = {(await log_at(three, service)).get("cluster", {}).get("leader", "") for service in SERVERS.values()}
            if len(said) == 1 and (leader := said.pop()):
                return SERVERS[leader]
            await asyncio.sleep(0.2)


async def test_the_leading_server_is_killed_and_writes_continue_with_nothing_lost(
    three: Composed, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    told: list[Told] = []
    async with three.callers(await three.keys()) as callers:
        await asyncio.gather(*(callers[region].register(level="all_regions") for region in REGIONS))
        async with AsyncExitStack() as stack:
            loads = [
                await stack.enter_async_context(
                    under_load(who, level=level, each=2, timeout_seconds=TIMEOUT_SECONDS, pause_seconds=0.2)
                )
                for who, level in (
                    ([callers[HERE]], "local_region"),
                    ([callers[HERE]], "all_regions"),
                    ([callers[region] for region in ELSEWHERE], "local_region"),
                )
            ]
            leader = await leader_of_the_log(three)
            await three.compose("kill", "-s", "KILL", leader)
            async with asyncio.timeout(GOES_ON_SECONDS_MAX):
                local = await accepted(callers[HERE], level="local_region", timeout_seconds=TIMEOUT_SECONDS, told=told)
                wide = await accepted(callers[HERE], level="all_regions", timeout_seconds=TIMEOUT_SECONDS, told=told)
            record_property(
                MEASURED,
                f"the leader of three NATS servers killed: {HERE} writes again after {local:.1f} s,"
                f" and for all regions after {local + wide:.1f} s",
            )
            assert not (await three.states())[leader]["State"]["Running"]
            await another_server_leads(three, leader)
            await three.compose("start", leader)
            await three.ready([leader])
            await has_caught_up(three, leader)
        told += [one for load in loads for one in load.told]
        assert {one.status for one in told} <= {201, 408, 503}
        for caller in callers.values():
            await becomes_readable(caller, *(one for one in told if one.status == 201))
    async with ways_in(three, tmp_path) as inside:
        await held_true(inside, told)


async def another_server_leads(three: Composed, killed: str) -> None:
    """Return once another server leads the log."""
    other = next(service for service in SERVERS.values() if service != killed)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while SERVERS.get((await log_at(three, other)).get("cluster", {}).get("leader", ""), killed) == killed:
            await asyncio.sleep(0.2)


async def has_caught_up(three: Composed, service: str) -> None:
    """Return once a server has all of the log, up to its end at the time of the call."""
    end = (await log_at(three, await leader_of_the_log(three)))["state"]["last_seq"]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await log_at(three, service)).get("state", {}).get("last_seq", 0) < end:
            await asyncio.sleep(0.2)


async def test_a_setting_that_is_forgotten_takes_no_region_down(three: Composed) -> None:
    """Whatever Compose does without the setting, the regions continue with three servers and their logs."""
    async with three.callers(await three.keys()) as callers:
        before = await callers[HERE].register(level="all_regions")
        assert before.status == 201
    since = {name: state["State"]["StartedAt"] for name, state in (await three.states()).items()}
    three.files_of_compose = ONE_SERVER
    try:
        outcome = await three.paste(UP, within_seconds=UP_SECONDS_MAX)
        assert outcome.code == 0, outcome
        await three.ready([*RUNNING, *ADDED_SERVERS])
        assert "These volumes are of regions with 3 NATS servers each" in (await three.paste(INIT_SAID)).out
    finally:
        three.files_of_compose = THREE_SERVERS
    states = await three.states()
    print("restarted:", [name for name in RUNNING if states[name]["State"]["StartedAt"] > since[name]])
    assert [name for name in ADDED_SERVERS if states[name]["State"]["StartedAt"] != since[name]] == []
    async with three.callers(await three.keys()) as callers:
        for caller in callers.values():
            await becomes_readable(caller, before)
        after = [await caller.register(level="all_regions") for caller in callers.values()]
    assert [one.status for one in after] == [201, 201, 201]
    assert set((await log_at(three, await leader_of_the_log(three)))["cluster"]) >= {"leader", "replicas"}
