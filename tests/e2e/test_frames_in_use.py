"""When services write frames, and that every event that fits alone fits with others."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import nats
import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from core.positions import Region
from core.subjects import stream_of
from deploy.local import LocalRegion, local_regions
from tests.e2e.callers import WEBHOOKS, Caller, calling, keys_of
from tests.e2e.evidence import Log, check, read_log, settled
from tests.e2e.frames import frame_sizes
from tests.max_payload import max_payload

HERE = "us-iowa"
AT_ONCE = 40
LIMIT = 8 * 1024
HEADER_BYTES = 1_000


async def written(region: LocalRegion, caller: Caller) -> Log:
    """The messages of concurrent writes."""
    before = len(await read_log(region.nats_url, HERE))
    told = await asyncio.gather(*(caller.register() for _ in range(AT_ONCE)))
    assert {one.status for one in told} == {201}
    return (await read_log(region.nats_url, HERE))[before:]


@pytest.mark.long
async def test_a_reader_of_an_operator_keeps_services_on_messages_unless_they_are_told_otherwise() -> None:
    async with local_regions(regions=1, services=0, round_trips=0) as demo, AsyncExitStack() as stack:
        region = demo.region(HERE)
        client = await nats.connect(region.nats_url)
        stack.push_async_callback(client.close)
        config = ConsumerConfig(durable_name="audit", ack_policy=AckPolicy.EXPLICIT)
        await client.jetstream().add_consumer(stream_of(Region(HERE)), config)
        async with asyncio.timeout(20):
            while '"audit"' not in (said := region.replicators[0].log.read_text()):
                await asyncio.sleep(0.05)
        assert "not every reader of this region's log reads frames" in said
        services = {
            setting: await region.add_service({"CROSSHOOK_FRAMES": setting}) for setting in ("auto", "always", "never")
        }
        await demo.wait_ready()
        keys = await keys_of(demo)
        callers = {
            setting: await stack.enter_async_context(calling(service.url, keys))
            for setting, service in services.items()
        }
        assert not frame_sizes(await written(region, callers["auto"]))
        assert max(frame_sizes(await written(region, callers["always"]))) > 1
        assert not frame_sizes(await written(region, callers["never"])), "also in a log with frames"
        assert max(frame_sizes(await written(region, callers["auto"]))) > 1, "an older reader has stopped there"
        check(await settled(demo))


@pytest.mark.long
async def test_with_the_accounts_of_the_version_before_a_region_works_and_writes_messages() -> None:
    async with local_regions(regions=1, services=0, replicators=0, round_trips=0) as demo:
        region = demo.region(HERE)
        list_no_readers(region)
        await region.nats.restart()
        replicator, service = await region.add_replicator(), await region.add_service()
        await demo.wait_ready()
        async with calling(service.url, await keys_of(demo)) as caller:
            for _ in range(3):
                assert not frame_sizes(await written(region, caller))
            assert (await caller.ready())["waiting_for"] == []
        lines = [
            line for line in replicator.log.read_text().splitlines() if '"level":"warning"' in line.replace(" ", "")
        ]
        (warning,) = [line for line in lines if "does not list the readers" in line]
        assert f"CONSUMER.LIST.{stream_of(Region(HERE))}" in warning


def list_no_readers(region: LocalRegion) -> None:
    """Take the permission to list the readers of its log away, from the next start of the region's NATS on."""
    path = Path(region.nats.command[-1])
    told = json.loads(path.read_text())
    for account in told["accounts"].values():
        for kind in ("imports", "exports"):
            account[kind] = [one for one in account.get(kind, []) if "CONSUMER.LIST" not in json.dumps(one)]
    path.write_text(json.dumps(told))


async def register_large(caller: Caller, number: int, size: int) -> httpx.Response:
    """Register a webhook with `size` bytes of custom headers."""
    whole, rest = divmod(size, HEADER_BYTES)
    sizes = [HEADER_BYTES] * whole + [rest] * bool(rest)
    headers = {f"X-Large-{index}": ["." * one] for index, one in enumerate(sizes)}
    body = {"name": "large", "target_url": f"https://large.example.com/{number:06}", "custom_headers": headers}
    return await caller.client.post(WEBHOOKS, json=body, headers=caller.headers())


async def largest_alone(caller: Caller) -> int:
    """The largest size that the log takes, alone in its message."""
    taken, refused = 0, LIMIT
    while refused - taken > 1:
        size = (taken + refused) // 2
        answer = await register_large(caller, size, size)
        assert answer.status_code in (201, 413), answer.text
        taken, refused = (size, refused) if answer.status_code == 201 else (taken, size)
    return taken


@pytest.mark.long
async def test_what_a_small_nats_takes_alone_it_takes_among_concurrent_writes() -> None:
    async with (
        local_regions(regions=2, round_trips=0, settings={"CROSSHOOK_FRAMES": "always"}) as demo,
        AsyncExitStack() as stack,
    ):
        region = demo.region(HERE)
        keys = await keys_of(demo)
        for one in demo.regions.values():
            await stack.enter_async_context(max_payload(one.nats, LIMIT))
        alone = await region.add_service({"CROSSHOOK_FRAMES": "never"})
        await demo.wait_ready()
        caller = await stack.enter_async_context(calling(region.http_url, keys))
        size = await largest_alone(await stack.enter_async_context(calling(alone.url, keys)))
        print(f"the largest event has {size} bytes of headers")
        assert size > LIMIT // 2
        sizes = [size, size // 2, size // 3, size // 8, 0] * 12
        answers = await asyncio.gather(
            *(register_large(caller, LIMIT + number, size) for number, size in enumerate(sizes))
        )
        assert {answer.status_code for answer in answers} == {201}
        evidence = await settled(demo)
        check(evidence)
        sizes_of_frames = frame_sizes(evidence.origin(HERE))
        assert max(sizes_of_frames) > 1, sizes_of_frames
        assert max(len(message.data) for message in evidence.origin(HERE)) <= LIMIT
        print(f"frames {sorted(sizes_of_frames.items())}")
