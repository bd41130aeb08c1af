"""Calls on connections that are kept: an answer belongs to its call, whatever happened to the calls before."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from adapters import held_connections
from adapters.held_connections import HeldConnections
from adapters.redis_pool import Pool, make_pool
from deploy.local import LocalRegion
from tests.integration.adapters.runs import Raw


@pytest.fixture
async def pool(region: LocalRegion) -> AsyncIterator[Pool]:
    pool = make_pool(region.redis_url)
    yield pool
    await pool.disconnect()


@pytest.fixture
def held(pool: Pool) -> HeldConnections:
    return HeldConnections(pool)


async def clients(raw: Raw) -> set[str]:
    """The ids of Redis's clients but for `raw` itself."""
    return {str(one["id"]) for one in await raw.client_list()} - {str(await raw.client_id())}


async def test_calls_one_after_the_other_share_a_connection(held: HeldConnections, raw: Raw) -> None:
    before = await clients(raw)
    ids = {await held.execute("CLIENT", "ID") for _ in range(20)}
    assert len(ids) == 1
    assert len(await clients(raw) - before) == 1


async def test_calls_at_once_have_a_connection_each(held: HeldConnections) -> None:
    answers = await asyncio.gather(*(held.execute("ECHO", f"number {number}") for number in range(20)))
    assert answers == [f"number {number}" for number in range(20)]
    assert await held.execute("ECHO", "one more") == "one more"


async def test_an_error_keeps_the_connection(held: HeldConnections) -> None:
    first = await held.execute("CLIENT", "ID")
    with pytest.raises(ResponseError):
        await held.execute("NO-SUCH-COMMAND")
    assert await held.execute("CLIENT", "ID") == first


async def test_a_cancelled_call_leaves_its_answer_to_no_other(held: HeldConnections, raw: Raw) -> None:
    first = await held.execute("CLIENT", "ID")
    await raw.client_pause(300)
    call = asyncio.create_task(held.execute("ECHO", "of the call that was cancelled"))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await held.execute("ECHO", "mine") == "mine"
    assert await held.execute("CLIENT", "ID") != first


async def test_a_call_without_an_answer_ends_in_time_and_leaves_it_to_no_other(
    held: HeldConnections, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    await held.execute("PING")
    await raw.client_pause(300)
    with monkeypatch.context() as patched:
        patched.setattr(held_connections, "CALL_TIMEOUT_SECONDS", 0.1)
        with pytest.raises(RedisTimeoutError, match=r"no answer within 0\.1 s"):
            await held.execute("ECHO", "late")
    assert await held.execute("ECHO", "mine") == "mine"


async def test_one_silent_connection_replaces_all_idle_ones(
    held: HeldConnections, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(await asyncio.gather(*(held.execute("CLIENT", "ID") for _ in range(5))))
    await raw.client_pause(300)
    with monkeypatch.context() as patched:
        patched.setattr(held_connections, "CALL_TIMEOUT_SECONDS", 0.1)
        with pytest.raises(RedisTimeoutError):
            await held.execute("PING")
    after = set(await asyncio.gather(*(held.execute("CLIENT", "ID") for _ in range(5))))
    assert len(before) == len(after) == 5
    assert not before & after


async def test_connections_that_redis_has_closed_fail_no_call(held: HeldConnections, raw: Raw) -> None:
    await asyncio.gather(*(held.execute("PING") for _ in range(5)))
    await raw.client_kill_filter(_type="normal", skipme=True)
    assert await asyncio.gather(*(held.execute("ECHO", "again") for _ in range(5))) == ["again"] * 5


async def test_a_pipeline_has_the_answers_in_the_order_of_its_commands(held: HeldConnections) -> None:
    pipeline = held.pipeline()
    assert await pipeline.exchange(("ECHO", "0"), ("ECHO", "1")) == "0"
    for number in range(2, 20):
        assert await pipeline.exchange(("ECHO", str(number))) == str(number - 1)
    assert await pipeline.exchange() == "19"
    await pipeline.close()


async def test_an_error_in_a_pipeline_is_the_answer_to_its_own_command(held: HeldConnections) -> None:
    pipeline = held.pipeline()
    assert await pipeline.exchange(("ECHO", "before"), ("NO-SUCH-COMMAND",), ("ECHO", "after")) == "before"
    with pytest.raises(ResponseError):
        await pipeline.exchange()
    assert await pipeline.exchange() == "after"
    await pipeline.close()


async def test_a_pipeline_whose_answers_were_read_leaves_its_connection_to_the_next_call(held: HeldConnections) -> None:
    first = await held.execute("CLIENT", "ID")
    pipeline = held.pipeline()
    assert await pipeline.exchange(("CLIENT", "ID"), ("PING",)) == first
    assert await pipeline.exchange() == "PONG"
    await pipeline.close()
    assert await held.execute("CLIENT", "ID") == first


async def test_a_pipeline_leaves_an_answer_that_was_not_read_to_no_other_call(held: HeldConnections) -> None:
    first = await held.execute("CLIENT", "ID")
    pipeline = held.pipeline()
    assert await pipeline.exchange(("CLIENT", "ID"), ("ECHO", "of the pipeline")) == first
    await pipeline.close()
    assert await held.execute("ECHO", "mine") == "mine"
    assert await held.execute("CLIENT", "ID") != first


async def test_a_cancelled_pipeline_leaves_its_answers_to_no_other_call(held: HeldConnections, raw: Raw) -> None:
    pipeline = held.pipeline()
    assert await pipeline.exchange(("PING",)) == "PONG"
    await raw.client_pause(300)
    exchange = asyncio.create_task(pipeline.exchange(("ECHO", "one"), ("ECHO", "two")))
    await asyncio.sleep(0.05)
    exchange.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exchange
    await pipeline.close()
    assert await held.execute("ECHO", "mine") == "mine"


async def test_a_pipeline_that_was_not_used_takes_no_connection(held: HeldConnections, raw: Raw) -> None:
    before = await clients(raw)
    await held.pipeline().close()
    assert await clients(raw) == before


async def test_a_pipeline_without_an_answer_ends_in_time(
    held: HeldConnections, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = held.pipeline()
    assert await pipeline.exchange(("PING",)) == "PONG"
    await raw.client_pause(300)
    with monkeypatch.context() as patched:
        patched.setattr(held_connections, "CALL_TIMEOUT_SECONDS", 0.1)
        with pytest.raises(RedisTimeoutError, match=r"no answer within 0\.1 s"):
            await pipeline.exchange(("ECHO", "late"))
    await pipeline.close()
    assert await held.execute("ECHO", "mine") == "mine"


async def test_a_redial_replaces_the_connections_that_are_kept(held: HeldConnections, pool: Pool) -> None:
    first = await held.execute("CLIENT", "ID")
    await pool.redial()
    assert await held.execute("CLIENT", "ID") != first


async def test_a_call_to_no_server_raises(unused_tcp_port: int) -> None:
    pool = make_pool(f"redis://127.0.0.1:{unused_tcp_port}/0")
    with pytest.raises((RedisError, OSError)):
        await HeldConnections(pool).execute("PING")
    await pool.disconnect()
