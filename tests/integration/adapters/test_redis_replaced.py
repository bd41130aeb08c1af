"""A Redis whose data is replaced while it runs: by a replication, a demotion, or a version of another format."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
import redis.asyncio

from adapters.apply_result import Applied
from adapters.errors import NotCurrent, Unavailable
from adapters.projection import STATE_KEY, Projection, open_projection
from core.registers import Query, Write
from deploy.local import LocalRegion, local_regions
from tests.integration.adapters.runs import US, Raw, a_run, at, begun, current, outcome, registers_in, stamped


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def other_region() -> AsyncIterator[LocalRegion]:
    """Another Redis, whose data can replace that of the first."""
    async with local_regions(regions=1, services=0, replicators=0) as demo:
        yield demo.region("us-iowa")


@pytest.fixture
async def other(other_region: LocalRegion) -> AsyncIterator[Raw]:
    """That other Redis, emptied."""
    async with redis.asyncio.Redis.from_url(other_region.redis_url, decode_responses=True) as client:
        await client.flushall()
        yield client


async def follow(replica: Raw, master: LocalRegion) -> None:
    """Make `replica` a replica of `master`, and return once it has the data of it."""
    address = urlsplit(master.redis_url)
    await replica.config_set("repl-diskless-sync-delay", 0)
    await replica.config_set("masteruser", address.username or "")
    await replica.config_set("masterauth", address.password or "")
    await replica.execute_command("REPLICAOF", address.hostname, address.port)  # type: ignore[no-untyped-call]
    async with asyncio.timeout(20):
        while (await replica.info("replication"))["master_link_status"] != "up":
            await asyncio.sleep(0.01)


async def promote(replica: Raw) -> None:
    await replica.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]


async def test_the_next_read_and_run_notice_data_that_a_replication_replaced(
    region: LocalRegion, other_region: LocalRegion, projection: Projection, raw: Raw, other: Raw
) -> None:
    """The other Redis has an older copy. Neither the process nor its run id changes."""
    before = await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "one"))))
    await follow(other, region)
    await promote(other)
    # A first replica changes the replication id too. The data is the same, and must be proven again.
    await begun(projection)
    assert (await projection.observe()).is_current
    await projection.apply(a_run(1, 2, Write("k", "f", stamped(2, "two"))))
    await follow(raw, other_region)
    await promote(raw)

    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    assert await outcome(projection, a_run(1, 2)) is Applied.UNSEEN
    assert await begun(projection, us_iowa=2) != before
    state = await projection.observe()
    assert (state.is_current, state.vector) == (False, {US: at(1)})
    await projection.apply(a_run(1, 2, Write("k", "f", stamped(2, "two"))))
    assert (await projection.observe()).is_current
    assert (await projection.read(Query(("k",)))).registers == {"k": {"f": stamped(2, "two")}}


async def test_a_replica_is_never_current_and_nothing_is_written_to_it(
    other_region: LocalRegion, projection: Projection, raw: Raw, other: Raw
) -> None:
    """This holds even if it accepts writes, and on a connection from before it became a replica."""
    await projection.observe()
    async with open_projection(other_region.redis_url, region=US) as master:
        await current(master)
        await master.apply(a_run(0, 1, Write("k", "f", stamped(1, "one"))))
        await follow(raw, other_region)
        await raw.config_set("replica-read-only", "no")
        await raw.config_set("maxmemory-policy", "allkeys-lru")
        try:
            stored = await raw.hgetall(STATE_KEY)
            assert stored == await other.hgetall(STATE_KEY)
            with pytest.raises(NotCurrent):
                await projection.read(Query(("k",)))
            assert await outcome(projection, a_run(1, 2)) is Applied.UNSEEN
            state = await projection.observe()
            assert (state.incarnation, state.is_current) == ("", False)
            with pytest.raises(Unavailable, match="this Redis is a replica"):
                await projection.begin()
            assert await raw.hgetall(STATE_KEY) == stored
        finally:
            await raw.config_set("maxmemory-policy", "noeviction")
            await raw.config_set("replica-read-only", "yes")
            await promote(raw)


@pytest.mark.parametrize("format", ["", "0:"], ids=["before there were formats", "an older one"])
async def test_data_in_an_older_format_is_not_current_and_is_dropped(
    projection: Projection,
    raw: Raw,
    format: str,  # noqa: A002 - the word for it
) -> None:
    incarnation = await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "one"))))
    older = format + incarnation.partition(":")[2]
    await raw.hset(STATE_KEY, mapping={"incarnation": older, "current": older, "tainted": "allkeys-lru"})
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    assert await outcome(projection, a_run(1, 2)) is Applied.UNSEEN
    assert await projection.begin() != incarnation
    state = await projection.observe()
    assert (state.is_current, state.is_required_known, state.vector, state.tainted) == (False, False, {}, "")
    assert await registers_in(raw) == {}


async def test_emptying_does_not_hide_that_redis_may_still_evict(projection: Projection, raw: Raw) -> None:
    incarnation = await current(projection)
    await raw.config_set("maxmemory-policy", "allkeys-lru")
    try:
        await projection.rebuild(incarnation)
        assert (await projection.observe()).tainted == "allkeys-lru"
    finally:
        await raw.config_set("maxmemory-policy", "noeviction")


async def test_data_of_a_newer_version_is_left_alone(projection: Projection, raw: Raw) -> None:
    """In a roll-out or roll-back, two versions would otherwise empty one another's projection in turn."""
    incarnation = await current(projection)
    await projection.apply(a_run(0, 1, Write("k", "f", stamped(1, "one"))))
    await raw.hset(STATE_KEY, "incarnation", "9" + incarnation)
    stored = await raw.hgetall(STATE_KEY)
    with pytest.raises(NotCurrent):
        await projection.read(Query(("k",)))
    with pytest.raises(Unavailable, match="a newer version wrote this projection"):
        await projection.begin()
    assert await raw.hgetall(STATE_KEY) == stored


async def test_data_of_another_program_is_not_dropped(projection: Projection, raw: Raw) -> None:
    await raw.hset("theirs", "f", "v")
    await projection.begin()
    assert await registers_in(raw) == {"theirs": {"f": "v"}}


async def test_a_rebuild_drops_the_applied_data_and_starts_anew(projection: Projection, raw: Raw) -> None:
    incarnation = await current(projection)
    await projection.apply(a_run(0, 3, Write("k", "f", stamped(3, "x"))))
    after = await projection.rebuild(incarnation)
    assert after != incarnation
    assert await registers_in(raw) == {}
    state = await projection.observe()
    assert (state.incarnation, state.is_current, state.is_required_known, state.vector) == (after, False, False, {})


async def test_of_many_concurrent_rebuilds_of_one_incarnation_the_first_counts(
    projection: Projection, raw: Raw
) -> None:
    incarnation = await current(projection)
    after = await projection.rebuild(incarnation)
    await projection.apply(a_run(0, 3, Write("k", "f", stamped(3, "x"))))
    assert {await projection.rebuild(incarnation) for _ in range(3)} == {after}
    assert await registers_in(raw) == {"k": {"f": stamped(3, "x")}}
