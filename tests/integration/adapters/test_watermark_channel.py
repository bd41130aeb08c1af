"""Watermarks that a real Redis publishes when they are applied, as a service receives them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from adapters import projection as projection_module
from adapters import watermark_channel
from adapters.apply_result import Applied
from adapters.projection import STATE_KEY, Projection, open_projection
from adapters.watermark_channel import Published, channel_of
from core.registers import Query, Write
from deploy.local import LocalRegion
from deploy.local.network.ports import LOCALHOST
from runtime.credentials import Login
from tests.integration.adapters.runs import EU, US, Raw, a_run, at, begun, current, outcome, stamped
from tests.redis_servers import name_of, raw, redis_server

SOON_SECONDS = 20.0
"""Most tests take a moment. Other tests share the machine."""


class Heard:
    """What one subscription has received, and each change of it: None if it began, else why there is none."""

    def __init__(self) -> None:
        self.watermarks: list[Published] = []
        self.changes: list[str | None] = []

    @property
    def is_subscribed(self) -> bool:
        return bool(self.changes) and self.changes[-1] is None


@asynccontextmanager
async def listening(projection: Projection) -> AsyncIterator[Heard]:
    """What a service would receive, from when it is subscribed."""
    heard = Heard()
    keeping = asyncio.create_task(projection.subscription.keep(heard.watermarks.append, heard.changes.append))
    try:
        await soon(lambda: bool(heard.changes))
        yield heard
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def soon(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_SECONDS):
        while not holds():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def a_redis(directory: Path) -> AsyncIterator[tuple[int, Raw, Projection]]:
    """A Redis of its own, a client of it, and its projection."""
    async with (
        redis_server(directory) as port,
        raw(port) as client,
        open_projection(f"redis://{LOCALHOST}:{port}", region=US) as projection,
    ):
        yield port, client, projection


async def make_user(client: Raw, user: str, *rules: str) -> None:
    """Make a user with the password `p`, which may do everything but use channels, with these exceptions."""
    await client.acl_setuser(
        user,
        enabled=True,
        reset=True,
        passwords=["+p"],
        categories=["+@all"],
        commands=rules,
        keys=["*"],
        reset_channels=True,
    )


async def apply_until_heard(projection: Projection, heard: Heard) -> None:
    """Apply one event after the other until one of their watermarks is received."""
    known = len(heard.watermarks)
    sequence: int = (await projection.observe()).vector.get(US, at(0)).sequence
    async with asyncio.timeout(SOON_SECONDS):
        while len(heard.watermarks) == known:
            assert await outcome(projection, a_run(sequence, sequence + 1)) is Applied.APPLIED
            sequence += 1
            await asyncio.sleep(0.01)


async def test_every_subscriber_receives_each_applied_watermark(projection: Projection) -> None:
    async with listening(projection) as heard, listening(projection) as overheard:
        incarnation = await current(projection)
        result = await projection.apply(a_run(0, 3))
        await projection.apply(a_run(0, 2, origin=EU))
        await soon(lambda: len(heard.watermarks) == len(overheard.watermarks) == 2)
    assert (result.receivers, result.unpublished) == (2, "")
    assert heard.watermarks == [Published(incarnation, US, at(3)), Published(incarnation, EU, at(2))]
    assert overheard.watermarks == heard.watermarks


async def test_what_was_applied_can_be_read_once_its_watermark_is_received(projection: Projection) -> None:
    async with listening(projection) as heard:
        await current(projection)
        for sequence in range(1, 20):
            applying = asyncio.create_task(
                projection.apply(a_run(sequence - 1, sequence, Write("k", "f", stamped(sequence, "v"))))
            )
            await soon(lambda sequence=sequence: len(heard.watermarks) == sequence)  # type: ignore[misc]
            view = await projection.read(Query(("k",)))
            assert (view.vector[US], view.registers["k"]["f"]) == (at(sequence), stamped(sequence, "v"))
            await applying


async def test_a_run_that_changes_nothing_is_not_published(projection: Projection, raw: Raw) -> None:
    async with listening(projection) as heard:
        assert await outcome(projection, a_run(0, 1)) is Applied.UNSEEN
        await current(projection)
        await projection.apply(a_run(0, 3))
        assert await outcome(projection, a_run(0, 2)) is Applied.DUPLICATE
        assert await outcome(projection, a_run(4, 5)) is Applied.GAP
        assert await outcome(projection, a_run(3, 4, name="z")) is Applied.FORKED
        await raw.hset(STATE_KEY, "tainted", "allkeys-lru")
        assert await outcome(projection, a_run(3, 4)) is Applied.TAINTED
        await raw.hdel(STATE_KEY, "tainted")
        await projection.apply(a_run(3, 4))
        await soon(lambda: len(heard.watermarks) == 2)
        assert [watermark.mark for watermark in heard.watermarks] == [at(3), at(4)]


async def test_a_rebuild_is_published_under_its_own_incarnation(projection: Projection) -> None:
    """So a service can tell it from the incarnation that its region announced before."""
    async with listening(projection) as heard:
        old = await current(projection)
        await projection.apply(a_run(0, 5))
        new = await projection.rebuild(old)
        await begun(projection, us_iowa=5)
        result = await projection.apply(a_run(0, 2))
        assert not result.is_current
        await soon(lambda: len(heard.watermarks) == 2)
        assert heard.watermarks[-1] == Published(new, US, at(2))


async def test_watermarks_of_another_region_in_the_same_redis_are_not_received(
    projection: Projection, raw: Raw
) -> None:
    """Channels do not belong to a database: regions in different databases of one Redis share them."""
    async with listening(projection) as heard:
        incarnation = await current(projection)
        await raw.publish(channel_of(EU), f"{incarnation} {US} k3v9x2 9 e 0")
        await projection.apply(a_run(0, 1))
        await soon(lambda: bool(heard.watermarks))
        assert heard.watermarks == [Published(incarnation, US, at(1))]


@pytest.mark.parametrize(
    "text", ["", "x", "a us-iowa k3v9x2 one f 0", "a us-iowa k3v9x2 1", "a us-iowa k3v9x2 1 f x", " ", "\x00"]
)
async def test_a_message_that_is_no_watermark_is_ignored(projection: Projection, raw: Raw, text: str) -> None:
    async with listening(projection) as heard:
        await raw.publish(channel_of(US), text)
        await raw.publish(channel_of(US), f"a {US} k3v9x2 1 {at(1).fingerprint} 0 and words of a newer version")
        await soon(lambda: bool(heard.watermarks))
        assert heard.watermarks == [Published("a", US, at(1))]


async def test_events_are_applied_even_if_their_watermark_may_not_be_published(
    region: LocalRegion, raw: Raw, projection: Projection
) -> None:
    """A script's error takes nothing back. A call that failed by a refusal would fail after its effect."""
    await current(projection)
    await make_user(raw, "no-command", "-publish")
    await make_user(raw, "no-channel")
    async with listening(projection) as heard:
        for before, user in enumerate(("no-command", "no-channel")):
            async with open_projection(Login(user, "p").into(region.redis.url), region=US) as refused:
                result = await refused.apply(a_run(before, before + 1, Write("k", user, stamped(before + 1, "v"))))
            assert (result.outcome, result.mark, result.receivers) == (Applied.APPLIED, at(before + 1), 0)
            assert result.unpublished
            assert await raw.hget("k", user) == stamped(before + 1, "v")
        await projection.apply(a_run(2, 3))
        await soon(lambda: bool(heard.watermarks))
        assert [watermark.mark for watermark in heard.watermarks] == [at(3)]


async def test_a_service_that_may_not_subscribe_reports_what_to_grant_and_needs_no_restart(
    region: LocalRegion, raw: Raw, projection: Projection
) -> None:
    await current(projection)
    await make_user(raw, "no-channel")
    async with (
        open_projection(Login("no-channel", "p").into(region.redis.url), region=US) as service,
        listening(service) as heard,
    ):
        assert str(heard.changes[-1]).endswith("; grant the Redis user +subscribe &crosshook:watermarks:*")
        assert (await projection.apply(a_run(0, 1))).receivers == 0
        await raw.acl_setuser("no-channel", enabled=True, channels=["crosshook:watermarks:*"])
        await soon(lambda: heard.is_subscribed)
        assert (await projection.apply(a_run(1, 2))).receivers == 1


async def test_a_subscription_returns_after_redis_was_gone(tmp_path: Path) -> None:
    async with AsyncExitStack() as first, redis_server(tmp_path / "b") as b:
        a = await first.enter_async_context(redis_server(tmp_path / "a"))
        async with (
            name_of(a) as name,
            open_projection(name.url, region=US) as projection,
            listening(projection) as heard,
        ):
            await current(projection)
            await apply_until_heard(projection, heard)
            await first.aclose()
            await soon(lambda: not heard.is_subscribed)
            name.leads_to = b
            await soon(lambda: heard.is_subscribed)
            assert (incarnation := await current(projection)) != heard.watermarks[-1].incarnation
            await apply_until_heard(projection, heard)
            assert heard.watermarks[-1].incarnation == incarnation


async def test_after_a_failover_the_subscription_follows_to_the_new_master(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demoted Redis keeps its clients. Meanwhile they receive what the new master publishes, as its replicas do."""
    monkeypatch.setattr(projection_module, "SIGN_OF_LIFE_SECONDS", 0.1)
    async with (
        redis_server(tmp_path / "b") as b,
        a_redis(tmp_path / "a") as (a, old, _),
        raw(b) as new,
        name_of(a) as name,
        open_projection(f"redis://{LOCALHOST}:{b}", region=US) as promoted,
        open_projection(name.url, region=US) as projection,
        listening(projection) as heard,
    ):
        await current(projection)
        await apply_until_heard(projection, heard)
        await old.replicaof(LOCALHOST, str(b))
        async with asyncio.timeout(SOON_SECONDS):
            while (await old.info("replication"))["master_link_status"] != "up":
                await asyncio.sleep(0.01)
        incarnation = await current(promoted)
        await apply_until_heard(promoted, heard)
        assert heard.watermarks[-1].incarnation == incarnation
        assert (await new.pubsub_numsub(channel_of(US)))[0][1] == 0, "it was received through the replica"

        name.leads_to = b
        asking = asyncio.create_task(projection.keep_asking(to_write=False))
        async with asyncio.timeout(SOON_SECONDS):
            while (await new.pubsub_numsub(channel_of(US)))[0][1] == 0:
                await asyncio.sleep(0.01)
        assert (await old.pubsub_numsub(channel_of(US)))[0][1] == 0
        await apply_until_heard(promoted, heard)
        asking.cancel()


async def test_no_subscription_begins_at_a_replica(tmp_path: Path) -> None:
    async with redis_server(tmp_path / "b") as b, a_redis(tmp_path / "a") as (_, client, projection):
        await client.replicaof(LOCALHOST, str(b))
        async with listening(projection) as heard:
            assert "this Redis is a replica" in str(heard.changes[-1])
            await client.replicaof("NO", "ONE")
            await soon(lambda: heard.is_subscribed)


async def test_a_redis_that_falls_silent_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watermark_channel, "SILENCE_SECONDS", 0.05)
    monkeypatch.setattr(watermark_channel, "ANSWER_SECONDS", 0.05)
    async with a_redis(tmp_path / "a") as (_, client, projection), listening(projection) as heard:
        await soon(lambda: heard.is_subscribed)
        await client.client_pause(500)
        await soon(lambda: "no answer to a ping" in str(heard.changes))
        await soon(lambda: heard.is_subscribed)
        await current(projection)
        await apply_until_heard(projection, heard)


async def test_a_quiet_redis_keeps_its_subscription(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watermark_channel, "SILENCE_SECONDS", 0.02)
    async with a_redis(tmp_path / "a") as (_, client, projection), listening(projection) as heard:
        async with asyncio.timeout(SOON_SECONDS):
            while (await client.info("commandstats")).get("cmdstat_ping", {"calls": 0})["calls"] < 10:
                await asyncio.sleep(0.01)
        assert heard.changes == [None]


async def test_a_subscriber_that_redis_drops_for_being_slow_subscribes_again(tmp_path: Path) -> None:
    async with a_redis(tmp_path / "a") as (_, client, projection), listening(projection) as heard:
        await client.config_set("client-output-buffer-limit", "pubsub 100000 0 0")
        flood = "for i = 1, 5000 do redis.call('PUBLISH', ARGV[1], string.rep('x', 100)) end"
        await client.eval(flood, 0, channel_of(US))
        await soon(lambda: len(heard.changes) >= 3 and heard.is_subscribed)
        await current(projection)
        await apply_until_heard(projection, heard)
