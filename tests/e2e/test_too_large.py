"""An event that a NATS will never take: its own request is refused, and everything else continues."""

import asyncio

import httpx
import pytest

from deploy.local import local_regions
from tests.e2e.callers import ORGANIZATION, WEBHOOKS, Caller, calling_all
from tests.max_payload import max_payload

US, EU = "us-iowa", "europe-belgium"
LIMIT = 20_000
"""Less than the largest event of the API, and more than any other event of this test."""


async def register_large(caller: Caller) -> httpx.Response:
    """Register a webhook whose event has more than `LIMIT` bytes."""
    headers = {f"X-Large-{number}": ["." * 1_000] for number in range(30)}
    body = {"name": "large", "target_url": "https://hooks.example.com/large", "custom_headers": headers}
    return await caller.client.post(WEBHOOKS, json=body, headers=caller.headers(ORGANIZATION))


@pytest.mark.long
async def test_an_event_too_large_returns_413_in_its_region_and_halts_a_copy_until_the_limit_is_raised() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        async with max_payload(demo.region(US).nats, LIMIT):
            await demo.wait_ready()
            refused, others = await asyncio.gather(
                register_large(callers[US]), asyncio.gather(*(callers[US].register() for _ in range(24)))
            )
            assert {other.status for other in others} == {201}
            assert refused.status_code == 413
            assert f"this NATS takes at most {LIMIT} (max_payload)" in refused.json()["errors"][0]["message"]
            assert "SlashID-Operation-ID" not in refused.headers

            assert (await register_large(callers[EU])).status_code == 201
            assert (await callers[EU].register(level="all_regions", timeout_seconds=1)).status == 408
            async with asyncio.timeout(20):
                while not (ready := await callers[US].ready())["halted"]:
                    await asyncio.sleep(0.05)
            assert ready["status"] == "degraded"
            assert ready["halted"][EU].startswith("too_large: this region's copy of the log cannot take message ")
            assert (await callers[US].register(level="all_regions")).status == 201
        await demo.wait_ready()
        assert (await callers[EU].register(level="all_regions")).status == 201
        # The watermark is announced at once, and the halt with the next heartbeat.
        async with asyncio.timeout(20):
            while (await callers[US].ready())["halted"]:
                await asyncio.sleep(0.05)
