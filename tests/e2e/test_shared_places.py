"""No organization uses up what all share."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from core.positions import Epoch, Sequence
from core.tokens import Place, render_token
from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import ORGANIZATION, ORGANIZATIONS, WEBHOOKS, Caller, calling, keys_of
from tests.keys import admin_headers, issue_key

HERE = "us-iowa"
NOT_TO_COME = {
    "SlashID-Consistency-Token": render_token({"000000": Place(Epoch("e"), Sequence(1))}),
    "SlashID-Required-Consistency-Timeout": "20",
}


@asynccontextmanager
async def calling_with(demo: LocalRegions, settings: dict[str, str]) -> AsyncIterator[Caller]:
    """A caller of one more service, with settings of its own."""
    frugal = await demo.region(HERE).add_service(settings)
    await frugal.wait_ready()
    async with calling(frugal.url, await keys_of(demo)) as caller:
        yield caller


async def test_one_that_has_no_place_left_can_still_have_its_key_revoked_and_the_others_go_on() -> None:
    settings = {
        "CROSSHOOK_ORGANIZATION_REQUESTS_MAX": "5",
        "CROSSHOOK_REQUESTS_MAX": "20",
        "CROSSHOOK_DRAIN_SECONDS": "0",
    }
    async with local_regions(regions=1) as demo, calling_with(demo, settings) as caller:
        admin = admin_headers(demo.admin_key)
        waiting = [asyncio.create_task(caller.client.get(WEBHOOKS, headers=NOT_TO_COME)) for _ in range(8)]
        refused, _ = await asyncio.wait(waiting, timeout=1)
        assert [task.result().status_code for task in refused] == [429] * 3
        assert (await caller.client.get(WEBHOOKS)).status_code == 429
        assert (await caller.client.get(f"/operations/{uuid.uuid4()}")).status_code == 429

        other = caller.headers(ORGANIZATIONS[0])
        assert (await caller.client.get(WEBHOOKS, headers=other)).status_code == 200
        await issue_key(caller.client, demo.admin_key, ORGANIZATION, level="local_region")
        keys = f"/admin/organizations/{ORGANIZATION}/keys"
        listed = (await caller.client.get(keys, headers=admin)).json()["result"]
        for key in listed:
            assert (await caller.client.delete(f"{keys}/{key['id']}", headers=admin)).status_code == 204
        assert (await caller.client.get(WEBHOOKS)).status_code in (401, 429)
        for task in waiting:
            task.cancel()


@pytest.mark.long
async def test_places_are_given_back() -> None:
    settings = {"CROSSHOOK_ORGANIZATION_REQUESTS_MAX": "3"}
    async with local_regions(regions=1) as demo, calling_with(demo, settings) as caller:
        client = caller.client
        for _ in range(10):
            asked = [
                client.get(WEBHOOKS),
                client.get(f"{WEBHOOKS}/{uuid.uuid4()}"),
                client.post(WEBHOOKS, content=b"{"),
            ]
            assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200, 404, 400]
