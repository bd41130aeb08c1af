"""Responses while a part is away are in time, true, and in the envelope."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from core.positions import Epoch, Region, Sequence
from core.stamps import origin_code
from core.tokens import Place, render_token
from deploy.local import LocalRegion
from tests.contract.calls import A_TRIGGER, WEBHOOKS, a_body, check_refused, registered, triggers_of, until

ONE_SECOND = {"SlashID-Required-Consistency-Timeout": "1"}
LATE_SECONDS = 10
"""A request that waits longer waits for something else: without its header it would wait for 30 s."""
NOBODYS = "0190a0b0-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
async def well_again(region: LocalRegion) -> AsyncIterator[None]:
    """After each test, everything that it stopped or paused runs and is ready again."""
    yield
    for process in region.processes:
        process.resume()
        await process.start()
    for process in region.processes:
        await process.wait_ready(within_seconds=20)


async def timed(request: Awaitable[httpx.Response]) -> tuple[httpx.Response, float]:
    begin = asyncio.get_running_loop().time()
    return await request, asyncio.get_running_loop().time() - begin


def unavailable(answer: httpx.Response, *said: str) -> None:
    check_refused(answer, 503, "nothing was done, try again", *said)
    assert answer.headers["Retry-After"] == "1"


async def test_without_redis_reads_and_writes_return_503_and_nothing_is_reported_missing(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    await region.redis.stop()
    for answer in (
        await client.get(WEBHOOKS),
        await client.get(f"{WEBHOOKS}/{webhook}"),
        await client.get(f"{WEBHOOKS}/{NOBODYS}"),
        await client.get(triggers_of(webhook)),
        await client.post(triggers_of(webhook), json=A_TRIGGER),
        await client.post(WEBHOOKS, json=a_body()),
    ):
        unavailable(answer, "this region's projection")
    for unread in (await client.get(f"{WEBHOOKS}/no-uuid"), await client.post(WEBHOOKS, json={})):
        unavailable(unread, "this region's projection")
    await region.redis.start()
    await until(lambda: answers_with(client, f"{WEBHOOKS}/{webhook}", 200))
    assert (await client.get(triggers_of(webhook))).json()["result"] == []


async def test_a_region_with_an_emptied_redis_answers_503_until_it_is_rebuilt(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    for replicator in region.replicators:
        replicator.pause()
    await region.redis.stop()
    await region.redis.erase_files()
    await region.redis.restart()
    unavailable(await client.get(f"{WEBHOOKS}/{webhook}"), "this region's projection")
    unavailable(await client.get(f"{WEBHOOKS}/{NOBODYS}"))
    unavailable(await client.post(triggers_of(webhook), json=A_TRIGGER))
    for replicator in region.replicators:
        replicator.resume()
    seen = set[int]()

    async def is_back() -> bool:
        seen.add((await client.get(f"{WEBHOOKS}/{webhook}")).status_code)
        return 200 in seen

    await until(is_back)
    assert seen <= {200, 503}


async def answers_with(client: httpx.AsyncClient, path: str, status: int) -> bool:
    return (await client.get(path)).status_code == status


async def test_without_nats_reads_continue_and_writes_return_503_with_nothing_appended(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    webhook, body = await registered(client), a_body()
    await region.nats.kill()
    answer, seconds = await timed(client.post(WEBHOOKS, json=body))
    unavailable(answer, "this region's log")
    assert seconds < LATE_SECONDS
    assert (await client.get(f"{WEBHOOKS}/{webhook}")).status_code == 200
    check_refused(await client.post(triggers_of(NOBODYS), json=A_TRIGGER), 503)
    await region.nats.start()

    async def takes() -> bool:
        return (await client.post(WEBHOOKS, json=a_body())).status_code == 201

    await until(takes)
    listed = (await client.get(WEBHOOKS)).json()["result"]
    assert body["target_url"] not in [one["target_url"] for one in listed]


@pytest.mark.parametrize("level", ["local_region", "all_regions"])
async def test_a_write_in_the_log_that_is_not_applied_in_time_returns_408_committed(
    region: LocalRegion, client: httpx.AsyncClient, level: str
) -> None:
    webhook = await registered(client)
    for replicator in region.replicators:
        replicator.pause()
    headers = {**ONE_SECOND, "SlashID-Required-Consistency": level}
    answer, seconds = await timed(client.post(triggers_of(webhook), json=A_TRIGGER, headers=headers))
    message = check_refused(answer, 408, f"{level} was not reached within 1 s: waiting for us-iowa")
    assert message.endswith("it is committed and will reach every region")
    assert answer.json()["meta"] == {
        "consistency": {
            "required": level,
            "timeout_seconds": 1,
            "state": "committed",
            "acknowledged": [],
            "pending": ["us-iowa"],
        }
    }
    assert 1.0 <= seconds < LATE_SECONDS
    for replicator in region.replicators:
        replicator.resume()
    await until(lambda: lists_one(client, webhook))


async def lists_one(client: httpx.AsyncClient, webhook: str) -> bool:
    listed: list[object] = (await client.get(triggers_of(webhook))).json()["result"]
    return listed == [A_TRIGGER]


async def test_while_the_projection_lags_decisions_use_the_log(region: LocalRegion, client: httpx.AsyncClient) -> None:
    """The second request does not see the first one in Redis, but is refused."""
    body = a_body()
    for replicator in region.replicators:
        replicator.pause()
    first = asyncio.create_task(client.post(WEBHOOKS, json=body, headers=ONE_SECOND))
    check_refused(await first, 408, "it is committed")
    answer, seconds = await timed(client.post(WEBHOOKS, json=body))
    check_refused(answer, 409, "target_url: another webhook of this organization already uses")
    assert seconds < LATE_SECONDS


async def test_a_repeated_deletion_joins_the_first_one_that_is_not_applied_yet(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    path = f"{WEBHOOKS}/{await registered(client)}"
    for replicator in region.replicators:
        replicator.pause()
    first = await client.delete(path, headers=ONE_SECOND)
    check_refused(first, 408, "it is committed")
    joined = asyncio.create_task(client.delete(path))
    again = await client.delete(path, headers=ONE_SECOND)
    check_refused(again, 408, "it is committed")
    for replicator in region.replicators:
        replicator.resume()
    done = await joined
    assert done.status_code == 204
    assert len({answer.headers["SlashID-Operation-ID"] for answer in (first, again, done)}) == 1
    check_refused(await client.delete(path), 404, "webhook not found")


async def test_a_write_without_an_answer_of_the_log_returns_408_unknown_and_is_stored_once_or_never(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    body = a_body()
    region.nats.pause()
    answer, seconds = await timed(client.post(WEBHOOKS, json=body, headers=ONE_SECOND))
    region.nats.resume()
    check_refused(answer, 408, "the log did not answer, so it may still be committed")
    assert answer.json()["meta"]["consistency"]["state"] == "unknown"
    assert 1.0 <= seconds < LATE_SECONDS
    await until(takes_writes(client))
    listed = [one["target_url"] for one in (await client.get(WEBHOOKS)).json()["result"]]
    assert listed.count(body["target_url"]) <= 1


def takes_writes(client: httpx.AsyncClient) -> Callable[[], Awaitable[bool]]:
    async def takes() -> bool:
        return (await client.post(WEBHOOKS, json=a_body())).status_code == 201

    return takes


async def test_a_client_that_leaves_while_waiting_leaves_nothing_behind(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    for replicator in region.replicators:
        replicator.pause()

    async def are_waiting(count: int) -> bool:
        return f"crosshook_requests_in_flight {count:.1f}\n" in (await client.get("/metrics")).text

    posting = [asyncio.create_task(client.post(WEBHOOKS, json=a_body())) for _ in range(20)]
    await until(lambda: are_waiting(len(posting)))
    for post in posting:
        post.cancel()
    await asyncio.wait(posting)
    for replicator in region.replicators:
        replicator.resume()
    await until(takes_writes(client))
    await until(lambda: are_waiting(0))
    assert len((await client.get(WEBHOOKS)).json()["result"]) >= 21


async def test_while_nats_is_silent_requests_that_need_it_are_answered_in_time(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    created = await client.post(WEBHOOKS, json=a_body(), headers={"Idempotency-Key": "silent"})
    body = json.loads(created.request.content)
    operation = f"/operations/{created.headers['SlashID-Operation-ID']}"
    elsewhere = render_token({origin_code(Region("us-iowa")): Place(Epoch("other"), Sequence(1))})
    region.nats.pause()
    for request, status in (
        (client.get(operation, headers=ONE_SECOND), 503),
        (client.post(WEBHOOKS, json=body, headers={"Idempotency-Key": "silent", **ONE_SECOND}), 503),
        (client.get(WEBHOOKS, headers={"SlashID-Consistency-Token": elsewhere, **ONE_SECOND}), 408),
    ):
        answer, seconds = await timed(request)
        check_refused(answer, status)
        assert seconds < LATE_SECONDS
    assert (await client.get(WEBHOOKS)).status_code == 200


async def test_while_redis_is_silent_reads_are_answered_in_time(region: LocalRegion, client: httpx.AsyncClient) -> None:
    region.redis.pause()
    answer, seconds = await timed(client.get(WEBHOOKS, headers=ONE_SECOND))
    unavailable(answer, "this region's projection")
    assert seconds < LATE_SECONDS
