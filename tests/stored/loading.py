"""Put what an earlier version stored into real servers, and start today's processes over it."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import nats
from redis.asyncio import Redis

from deploy.local import LocalRegion, LocalRegions, local_regions
from tests.stored.layout import Stored, StoredMessage, StoredRegion

LATER_MILLISECONDS = 60_000
"""How long after the fixture was made the processes believe to start: idempotency keys are kept for 24 hours."""


@asynccontextmanager
async def regions_with(stored: Stored) -> AsyncIterator[LocalRegions]:
    """Regions that are ready, whose servers had what is `stored` before any process of ours started."""
    offset = stored.at_milliseconds + LATER_MILLISECONDS - time.time_ns() // 1_000_000
    settings = {"CROSSHOOK_CLOCK_OFFSET_MILLISECONDS": str(offset)}
    async with local_regions(
        regions=list(stored.regions), round_trips=0, services=0, replicators=0, settings=settings
    ) as demo:
        for name, region in demo.regions.items():
            await _load(region, stored.regions[name], stored)
        for region in demo.regions.values():
            await region.add_replicator()
            await region.add_service()
        await demo.wait_ready()
        yield demo


async def _load(region: LocalRegion, kept: StoredRegion, stored: Stored) -> None:
    for origin, config in kept.streams.items():
        await _load_log(region.log_url(origin), config, stored.logs[origin])
    async with Redis.from_url(region.redis_url, decode_responses=True) as redis:
        for key, fields in stored.registers.items():
            await _set(redis, key, fields)
        for key, one in kept.redis.items():
            await _set(redis, key, one.fields)
            if one.milliseconds_left >= 0:
                await redis.pexpire(key, one.milliseconds_left)


async def _set(redis: Redis, key: str, fields: dict[str, str]) -> None:
    for field, value in fields.items():
        await redis.hset(key, field, value)


async def _load_log(url: str, config: dict[str, Any], messages: list[StoredMessage]) -> None:
    client = await nats.connect(url)
    try:
        name = config["name"]
        made = json.loads((await client.request(f"$JS.API.STREAM.CREATE.{name}", json.dumps(config).encode())).data)
        assert "error" not in made, made
        for sequence, message in enumerate(messages, start=1):
            headers = message.headers or None
            taken = json.loads((await client.request(message.subject, message.data.encode(), headers=headers)).data)
            assert taken.get("seq") == sequence, taken
    finally:
        await client.close()
