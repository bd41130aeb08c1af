"""A NATS that stops answering in the middle of a batch."""

import asyncio

import pytest
from nats import connect

from deploy.local import local_regions
from tests.e2e.callers import Caller, Told, accepted, burst, calling_all, fate, under_load, until
from tests.e2e.evidence import check, check_told, last_sequence, settled

HERE = "us-iowa"
AT_ONCE = 300
"""Enough concurrent writes that the batch in flight has many events."""

TIMEOUT_SECONDS = 3


@pytest.mark.long
async def test_a_write_in_flight_when_nats_paused_is_stored_once_or_never() -> None:
    async with local_regions(round_trips=0) as demo, calling_all(demo) as callers:
        nats, url, keys = demo.region(HERE).nats, demo.region(HERE).http_url, callers[HERE].keys
        told: list[Told] = []

        async def pause_in_the_middle(beyond: int) -> None:
            await batches_are_stored(demo.region(HERE).nats_url, beyond=beyond)
            nats.pause()

        for _ in range(3):
            meanwhile = pause_in_the_middle(await last_sequence(demo.region(HERE).nats_url, HERE))
            told += await burst(url, keys, AT_ONCE, timeout_seconds=TIMEOUT_SECONDS, meanwhile=meanwhile)
            nats.resume()
            await is_served_again(callers[HERE], told)
        assert {one.status for one in told} <= {201, 408, 503}
        assert max(one.seconds for one in told) < TIMEOUT_SECONDS + 10, "no answer waits for NATS"
        unknown = [one for one in told if one.status == 408 and one.state == "unknown"]
        assert len(unknown) > 10, "no batch was in flight"
        before = await settled(demo)
        check(before)
        # An event that can still land lands before the writes below.
        async with under_load([callers[HERE]], each=2) as after:
            await until(lambda: len(after.of(201)) > 50)
        evidence = await settled(demo)
        check(evidence)
        registered = evidence.target_urls()
        assert {one.target_url: registered[one.target_url] for one in told} == {
            one.target_url: before.target_urls()[one.target_url] for one in told
        }
        for one in unknown:
            state = (await fate(callers["europe-belgium"], one.operation, one.organization))["state"]
            assert state == ("applied" if registered[one.target_url] else "never"), one
        print(f"told {check_told(evidence, told)}; {sum(registered[one.target_url] for one in unknown)} had landed")


@pytest.mark.long
async def test_a_write_in_flight_when_nats_was_killed_is_stored_once_or_never() -> None:
    async with local_regions(round_trips=0) as demo, calling_all(demo) as callers:
        nats, url, keys = demo.region(HERE).nats, demo.region(HERE).http_url, callers[HERE].keys
        told: list[Told] = []

        async def kill_in_the_middle(beyond: int) -> None:
            await batches_are_stored(demo.region(HERE).nats_url, beyond=beyond)
            await nats.kill()
            await nats.start()

        for _ in range(6):
            meanwhile = kill_in_the_middle(await last_sequence(demo.region(HERE).nats_url, HERE))
            told += await burst(url, keys, AT_ONCE, timeout_seconds=20, meanwhile=meanwhile)
            await is_served_again(callers[HERE], told)
        assert {one.status for one in told} <= {201, 503}, "what is in flight is resolved long before its deadline"
        evidence = await settled(demo)
        check(evidence)
        counts = check_told(evidence, told)
        print(f"told {counts}")


async def batches_are_stored(nats_url: str, *, beyond: int) -> None:
    """Return once the log has two more events: the first batch has one event, and the next one has many."""
    client = await connect(nats_url)
    stream = client.jetstream()
    async with asyncio.timeout(20):
        while (await stream.stream_info(f"EVENTS_{HERE}")).state.last_seq < beyond + 2:
            await asyncio.sleep(0)
    await client.close()


async def is_served_again(caller: Caller, told: list[Told]) -> None:
    """Return once a write is accepted again."""
    async with asyncio.timeout(20):
        await accepted(caller, level="local_region", timeout_seconds=5, told=told)
