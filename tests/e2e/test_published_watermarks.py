"""Services learn from their own Redis what was applied, and need nothing of that: announcements over NATS suffice."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.connection import open_connection
from adapters.event_log import EventLog
from adapters.projection import STATE_KEY
from adapters.watermark_channel import channel_of
from core.positions import Region
from deploy.local import HttpProcess, local_regions
from tests.e2e.callers import calling_all

HERE = Region("us-iowa")
CHANNEL = channel_of(HERE)

SOON_SECONDS = 20.0
"""Most of it takes a moment. Other tests share the machine."""


async def test_a_published_watermark_alone_ends_the_wait_of_a_write() -> None:
    """The replicator stands still. The test publishes in its place, so no announcement can end the wait."""
    async with (
        local_regions(regions=1) as demo,
        calling_all(demo) as callers,
        Redis.from_url(demo.region(HERE).redis_url, decode_responses=True) as redis,
        open_connection([demo.region(HERE).nats_url], name="a test") as connection,
    ):
        (replicator,), log = demo.region(HERE).replicators, EventLog(connection, HERE)
        await subscribers(redis, 1)
        await connection.session()
        assert (await callers[HERE].register()).status == 201
        before = (await log.end()).sequence
        replicator.pause()
        try:
            writing = asyncio.create_task(callers[HERE].register(timeout_seconds=20))
            async with asyncio.timeout(SOON_SECONDS):
                while (end := await log.end()).sequence == before:
                    await asyncio.sleep(0.01)
            incarnation = str(await redis.hget(STATE_KEY, "incarnation"))
            assert not writing.done()
            await redis.publish(CHANNEL, f"{incarnation} {HERE} {end.epoch} {end.sequence} {end.fingerprint} 0")
            assert (await writing).status == 201
        finally:
            replicator.resume()


@pytest.mark.long
async def test_without_permissions_for_the_channel_writes_succeed_and_each_process_reports_it_once() -> None:
    """So servers and processes of both versions work together while either is upgraded."""
    async with (
        local_regions(regions=1) as demo,
        calling_all(demo) as callers,
        Redis.from_url(demo.region(HERE).redis_url, decode_responses=True) as redis,
    ):
        region, caller = demo.region(HERE), callers[HERE]
        await subscribers(redis, 1)
        await redis.acl_setuser("replicator", enabled=True, commands=["-publish"])
        for _ in range(20):
            assert (await caller.register()).status == 201
        await logged(region.replicators[0], "watermarks not published")

        # Redis disconnects the clients of a channel that their user may use no longer.
        await redis.acl_setuser("service", enabled=True, reset_channels=True)
        async with asyncio.timeout(SOON_SECONDS):
            while not any("grant the Redis user +subscribe" in reason for reason in reasons(region.services[0])):
                await asyncio.sleep(0.05)
        await subscribers(redis, 0)
        for _ in range(20):
            assert (await caller.register()).status == 201

        await redis.acl_setuser("replicator", enabled=True, commands=["+publish"])
        await redis.acl_setuser("service", enabled=True, channels=["crosshook:watermarks:*"])
        await subscribers(redis, 1)
        await logged(region.services[0], "watermarks heard from Redis again")
        assert (await caller.register()).status == 201
        assert len(lines(region.replicators[0], "watermarks not published")) == 1
        told = reasons(region.services[0])
        assert len(told) == len(set(told)) == 2, "that it was disconnected, and that it may not subscribe again"


@pytest.mark.long
async def test_after_redis_restarts_services_subscribe_again() -> None:
    async with (
        local_regions(regions=1) as demo,
        calling_all(demo) as callers,
        Redis.from_url(demo.region(HERE).redis_url, decode_responses=True) as redis,
    ):
        region = demo.region(HERE)
        await subscribers(redis, 1)
        await region.redis.kill()
        await region.redis.start()
        await subscribers(redis, 1)
        await demo.wait_ready()
        assert (await callers[HERE].register()).status == 201


async def subscribers(redis: "Redis", count: int) -> None:
    """Return once this many clients are subscribed to the region's channel."""
    async with asyncio.timeout(SOON_SECONDS):
        while True:
            with suppress(RedisError):
                ((_, found),) = await redis.pubsub_numsub(CHANNEL)
                if found == count:
                    return
            await asyncio.sleep(0.01)


def lines(process: HttpProcess, event: str) -> list[dict[str, Any]]:
    """The process's log lines about `event`."""
    every = (json.loads(line) for line in process.log.read_text().splitlines() if line.endswith("}"))
    return [line for line in every if line["event"] == event]


def reasons(process: HttpProcess) -> list[str]:
    """Why a service hears no watermarks from Redis, as it logged it."""
    return [line["why"] for line in lines(process, "watermarks not heard from Redis")]


async def logged(process: HttpProcess, event: str) -> None:
    """Return once the process has logged `event`."""
    async with asyncio.timeout(SOON_SECONDS):
        while not lines(process, event):
            await asyncio.sleep(0.01)
