"""How much space triggers take, in Redis and in the log."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import chain, islice

import msgspec

from adapters.connection import open_connection
from adapters.jetstream import stream_info
from bench.fill import CONNECT_SECONDS_MAX, fill
from bench.population import WEBHOOKS_MAX, Owned, new_organization, webhooks
from bench.product import product_side
from bench.redis_connection import RedisConnection
from bench.regions import Regions
from bench.servers import servers_of
from core.catalogue import NAMES, TriggerType
from core.consistency import Level
from core.events import TriggerCreated
from core.positions import Region
from core.subjects import stream_of

WEBHOOKS = 6_400
TRIGGERS_OF_A_WEBHOOK = 5
FRAME_EVENTS = 32
"""So the triggers are in a thousand frames."""


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of one trigger, whose webhook is stored already: in Redis, and as an event of the log."""

    webhooks: int
    triggers_of_a_webhook: int
    frame_events: int
    redis_bytes: float
    log_bytes: float


def space(regions: Regions, *, report: Callable[[int], None]) -> Space:
    """Store webhooks, then their triggers, and measure what the triggers add. `report` receives the events so far."""
    side, here = product_side(regions, Level.LOCAL_REGION), regions.names[0]
    first, then = _population()
    fill(regions, first, settle=side.settle, report=report)
    with RedisConnection(servers_of(regions, here).redis) as redis:
        used_bytes, log_bytes = redis.used_memory(), asyncio.run(_log_bytes(regions, here))
        fill(regions, then, settle=side.settle, report=report, frame_events=FRAME_EVENTS)
        used_bytes, log_bytes = redis.used_memory() - used_bytes, asyncio.run(_log_bytes(regions, here)) - log_bytes
    triggers = WEBHOOKS * TRIGGERS_OF_A_WEBHOOK
    return Space(
        webhooks=WEBHOOKS,
        triggers_of_a_webhook=TRIGGERS_OF_A_WEBHOOK,
        frame_events=FRAME_EVENTS,
        redis_bytes=round(used_bytes / triggers, 1),
        log_bytes=round(log_bytes / triggers, 1),
    )


def _population() -> tuple[list[Owned], Iterator[Owned]]:
    """The webhooks, and their triggers."""
    stored = [
        (owner, webhook)
        for owner in [new_organization() for _ in range(0, WEBHOOKS, WEBHOOKS_MAX)]
        for webhook in islice(webhooks(), WEBHOOKS_MAX)
    ][:WEBHOOKS]
    names = NAMES[TriggerType.EVENT][:TRIGGERS_OF_A_WEBHOOK]
    triggers = (
        [owner.owns(TriggerCreated(webhook.webhook_id, TriggerType.EVENT, name)) for name in names]
        for owner, webhook in stored
    )
    return [owner.owns(webhook) for owner, webhook in stored], chain.from_iterable(triggers)


async def _log_bytes(regions: Regions, region: str) -> int:
    async with open_connection(servers_of(regions, region).nats, name="bench") as connection:
        session = await asyncio.wait_for(connection.session(), CONNECT_SECONDS_MAX)
        return (await stream_info(session, stream_of(Region(region)))).state.bytes
