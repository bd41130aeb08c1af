"""The state of an operation is true: its place, its regions, and that it never happened."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import pytest

from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import OPERATION, ORGANIZATION, WEBHOOKS, Told, burst, calling_all, fate
from tests.e2e.evidence import check, events_of, read_log, settled

HERE, AWAY = "us-iowa", "asia-japan"
LEVEL, TIMEOUT = "SlashID-Required-Consistency", "SlashID-Required-Consistency-Timeout"


async def comes_true(holds: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.02)


async def sequence_of(demo: LocalRegions, operation: str) -> int:
    """The place of an operation in its log."""
    log = await read_log(demo.region(HERE).nats_url, HERE)
    (sequence,) = [logged.position.sequence for logged in events_of(HERE, log) if logged.operation_id == operation]
    return sequence


async def test_an_operation_is_committed_where_it_is_and_applied_when_it_is_everywhere_as_seen_from_anywhere() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        await demo.cut(AWAY)
        body = {"name": "a", "target_url": "https://operations.example.com/a"}
        late = await callers[HERE].client.post(WEBHOOKS, json=body, headers={LEVEL: "all_regions", TIMEOUT: "1"})
        operation = late.headers[OPERATION]
        seen = await fate(callers[HERE], operation)
        assert seen == {
            "operation_id": operation,
            "state": "committed",
            "origin": HERE,
            "sequence": await sequence_of(demo, operation),
            "regions": {"asia-japan": "pending", "europe-belgium": "applied", "us-iowa": "applied"},
        }
        assert (await fate(callers[AWAY], operation))["state"] == "unknown", "it has not heard of it"
        await demo.heal(AWAY)

        async def is_applied() -> bool:
            return {(await fate(caller, operation))["state"] for caller in callers.values()} == {"applied"}

        await comes_true(is_applied)
        assert (await fate(callers[AWAY], operation.upper()))["sequence"] == seen["sequence"]


async def test_ids_that_were_never_issued_are_unknown_and_a_malformed_id_returns_400() -> None:
    async with local_regions(regions=1) as demo, calling_all(demo) as callers:
        body = {"name": "a", "target_url": "https://operations.example.com/known"}
        known = (await callers[HERE].client.post(WEBHOOKS, json=body)).headers[OPERATION]
        for operation in (
            str(uuid.uuid4()),
            "01a20c31-5483-73d5-8521-3cb5e9bcc1c7",
            f"{known[:24]}{uuid.uuid4().hex[:12]}",
        ):
            assert (await fate(callers[HERE], operation))["state"] == "unknown"
        for text in ("x", "5", ORGANIZATION + "0"):
            answer = await callers[HERE].client.get(f"/operations/{text}")
            assert answer.status_code == 400
            assert OPERATION in answer.json()["errors"][0]["message"]


@pytest.mark.long
async def test_a_write_in_flight_when_its_service_and_nats_were_killed_later_reads_committed_or_never() -> None:
    """The log is paused, so the outcome is unknown. Then every process that could still append the event is killed."""
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        region, nats = demo.region(HERE), demo.region(HERE).nats
        left: list[Told] = []
        for _ in range(3):
            nats.pause()
            told = await burst(region.http_url, callers[HERE].keys, 20, timeout_seconds=1, meanwhile=asyncio.sleep(0))
            handed = [one for one in told if one.status == 408]
            assert len(handed) >= 1
            left += handed
            await region.services[0].kill()
            await nats.kill()
            await nats.start()
            await region.services[0].start()
            await demo.wait_ready()
            # Their place in the log is theirs, or the writes below take it.
            assert (await callers[HERE].register(level="all_regions")).status == 201
        evidence = await settled(demo)
        check(evidence)
        there = evidence.operations(HERE)
        expected = ["applied" if one.operation in there else "never" for one in left]
        assert "never" in expected
        for caller in callers.values():
            fates = [(await fate(caller, one.operation, one.organization))["state"] for one in left]
            assert fates == expected


@pytest.mark.long
async def test_a_write_in_flight_when_only_nats_was_killed_later_reads_committed() -> None:
    """The service survives, and keeps trying to append the events that were answered `unknown`."""
    async with local_regions(regions=1) as demo, calling_all(demo) as callers:
        region, nats = demo.region(HERE), demo.region(HERE).nats
        nats.pause()
        told = await burst(region.http_url, callers[HERE].keys, 20, timeout_seconds=1, meanwhile=asyncio.sleep(0))
        left = [one for one in told if one.status == 408]
        assert {one.state for one in left} == {"unknown"}
        await nats.kill()
        await nats.start()
        await nats.wait_ready()

        async def is_decided() -> bool:
            caller = callers[HERE]
            asked = [(f"/operations/{one.operation}", caller.headers(one.organization)) for one in left]
            answers = [await caller.client.get(path, headers=headers) for path, headers in asked]
            assert {answer.status_code for answer in answers} <= {200, 503}
            return all(answer.is_success and answer.json()["result"]["state"] == "applied" for answer in answers)

        await comes_true(is_decided)
        there = (await settled(demo)).operations(HERE)
        assert {one.operation for one in left} <= there
