"""A demoted or full Redis: both processes report it, current data is read, and everything recovers automatically."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from deploy.local import LocalRegion, local_regions
from tests.e2e.callers import Caller, calling_all
from tests.http_client import http_client

HERE = "us-iowa"
NOBODY = 1
"""A port at which no server listens."""

SOON_SECONDS = 20.0
"""It takes one or two seconds. Other tests share the machine."""

LINES_MAX = 20
"""The most log lines of one process. Unlimited, some seconds would have many more, at 8 to 150 a second."""


@pytest.mark.long
async def test_a_redis_that_takes_no_writes_is_named_by_both_processes_until_it_does() -> None:
    async with (
        local_regions(regions=1) as demo,
        calling_all(demo) as callers,
        Redis.from_url(demo.region(HERE).redis_url) as redis,
    ):
        region, caller = demo.region(HERE), callers[HERE]
        known = await caller.register()

        await redis.config_set("maxmemory", "1")
        await both(region, lambda ready: "to take writes: OOM" in " ".join(ready["waiting_for"]))
        assert await caller.read_status(known.webhook_id) == 200
        late = await caller.register(timeout_seconds=1)
        assert (late.status, late.state) == (408, "committed")
        await redis.config_set("maxmemory", "0")
        await becomes_well(region, caller, known.webhook_id)

        await redis.replicaof("127.0.0.1", str(NOBODY))
        await both(region, lambda ready: "this Redis is a replica" in " ".join(ready["waiting_for"]))
        assert await caller.read_status(known.webhook_id) == 503
        await redis.replicaof("NO", "ONE")
        await becomes_well(region, caller, known.webhook_id)

        for process in (*region.services, *region.replicators):
            assert 0 < lines_about_trouble(process.log.read_text()) <= LINES_MAX


async def both(region: LocalRegion, holds: Callable[[dict[str, Any]], bool]) -> None:
    """Return once neither the service nor the replicator is ready, for a reason for which `holds`."""
    async with http_client() as client, asyncio.timeout(SOON_SECONDS):
        for process in (*region.services, *region.replicators):
            while True:
                answer = await client.get(f"{process.url}/readyz")
                if answer.status_code == 503 and holds(answer.json()):
                    break
                await asyncio.sleep(0.05)


async def becomes_well(region: LocalRegion, caller: Caller, webhook_id: str) -> None:
    """Return once both are ready, reads are answered and a write is applied."""
    async with http_client() as client, asyncio.timeout(SOON_SECONDS):
        for process in (*region.services, *region.replicators):
            while (await client.get(f"{process.url}/readyz")).json()["waiting_for"]:
                await asyncio.sleep(0.05)
    assert await caller.read_status(webhook_id) == 200
    assert (await caller.register()).status == 201


def lines_about_trouble(log: str) -> int:
    return sum(json.loads(line)["level"] in ("warning", "error") for line in log.splitlines())
