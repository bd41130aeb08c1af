"""An origin log that is not the one that was read before."""

import asyncio

import nats

from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import Caller, calling_all
from tests.e2e.evidence import read_log, watermarks

ORIGIN = "us-iowa"
OTHERS = ("europe-belgium", "asia-japan")


async def test_an_origin_log_set_back_and_appended_to_halts_that_origin_only_and_loudly() -> None:
    async with local_regions(round_trips=0) as demo, calling_all(demo) as callers:
        for _ in range(5):
            assert (await callers[ORIGIN].register(level="all_regions")).status == 201
        region = demo.region(ORIGIN)
        await region.nats.stop()
        older = await region.nats.keep_files()
        await region.nats.start()
        await region.nats.wait_ready()
        await demo.wait_ready()
        for _ in range(5):
            assert (await callers[ORIGIN].register(level="all_regions")).status == 201
        before = {name: await read_log(demo.region(name).nats_url, ORIGIN) for name in OTHERS}
        assert len(before[OTHERS[0]]) == 10

        # The whole region goes back, as from a backup: nothing in it can know.
        for process in region.processes:
            await process.stop()
        await region.nats.put_back_files(older)
        await region.redis.erase_files()
        for process in region.processes:
            await process.start()
        for process in region.processes:
            await process.wait_ready()
        for _ in range(8):
            assert (await callers[ORIGIN].register()).status == 201

        for name in OTHERS:
            await says_halted(callers[name])
            assert '"event": "halted"' in demo.region(name).replicators[0].log.read_text()
        wide = await callers[ORIGIN].register(level="all_regions", timeout_seconds=1)
        assert (wide.status, wide.body["meta"]["consistency"]["pending"]) == (408, sorted(OTHERS))

        # Everything else goes on, between the others and to the one that is halted.
        for name in OTHERS:
            assert (await callers[name].register(level="all_regions", timeout_seconds=20)).status == 201
        for name in OTHERS:
            assert await read_log(demo.region(name).nats_url, ORIGIN) == before[name]
            assert (await watermarks(demo.region(name).redis_url))[ORIGIN] == 10


async def says_halted(caller: Caller) -> None:
    """Return once `/readyz` says that the origin is halted, and why."""
    async with asyncio.timeout(20):
        while not (ready := await caller.ready())["halted"].get(ORIGIN, "").startswith("forked"):
            await asyncio.sleep(0.05)
    assert ready["status"] == "degraded"


async def test_an_event_that_cannot_be_decoded_halts_its_origin_only() -> None:
    async with local_regions(round_trips=0) as demo, calling_all(demo) as callers:
        first = await callers[ORIGIN].register(level="all_regions")
        assert first.status == 201
        await append_garbage(demo)
        async with asyncio.timeout(20):
            for name in demo.regions:
                while "undecodable" not in (await callers[name].ready())["halted"].get(ORIGIN, ""):
                    await asyncio.sleep(0.05)
        assert (await callers[OTHERS[0]].register(level="all_regions", timeout_seconds=20)).status == 201
        assert (await callers[ORIGIN].register()).status in (408, 503)
        assert await callers[ORIGIN].read_status(first.webhook_id) == 200


async def append_garbage(demo: LocalRegions) -> None:
    """Put something into the origin log that no version has written."""
    url = demo.region(ORIGIN).nats_url
    subject = (await read_log(url, ORIGIN))[0].subject
    client = await nats.connect(url)
    await client.jetstream().publish(subject, b'{"operation_id": 5}')
    await client.close()
