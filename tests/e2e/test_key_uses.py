"""The last day on which a key was used is known in every region, and costs one event."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.events import ApiKeyUsed
from core.frames import LoggedEvent
from deploy.local import LocalRegions, local_regions
from tests.e2e.evidence import check, settled
from tests.http_client import http_client
from tests.keys import admin_headers, issue_key

HERE, AWAY = "us-iowa", "europe-belgium"
WEBHOOKS = "/organizations/webhooks"
ORGANIZATION, ANOTHER = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1", "af5fbd30-7ce7-4548-8b30-4cd59cb2aba2"
KEYS = f"/admin/organizations/{ORGANIZATION}/keys"
DAY = timedelta(days=1)

Days = list[str | None]


async def days_of(client: httpx.AsyncClient, demo: LocalRegions) -> Days:
    """The last day of each key, oldest key first."""
    answer = await client.get(KEYS, headers=admin_headers(demo.admin_key))
    assert answer.status_code == 200, answer.text
    return [key["last_used_at"] for key in answer.json()["result"]]


async def use(client: httpx.AsyncClient, key: str) -> None:
    """Send many requests at once."""
    headers = {"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": key}
    answers = await asyncio.gather(*(client.get(WEBHOOKS, headers=headers) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}


async def use_until_known(
    client: httpx.AsyncClient, key: str, other: httpx.AsyncClient, demo: LocalRegions, days: Days
) -> None:
    """Use a key until `other` lists `days`. A new process does not know at once that every region reads uses."""
    async with asyncio.timeout(60):
        while await days_of(other, demo) != days:
            await use(client, key)


async def uses_in(demo: LocalRegions) -> list[LoggedEvent]:
    evidence = await settled(demo)
    check(evidence)
    events = [one for region in demo.regions for one in evidence.events(region)]
    return [one for one in events if isinstance(one.envelope.event, ApiKeyUsed)]


@pytest.mark.long
async def test_many_requests_of_a_day_in_two_regions_are_one_event_that_each_region_knows() -> None:
    today = datetime.now(UTC).date()
    async with (
        local_regions(regions=2, round_trips=0) as demo,
        http_client(demo.region(HERE).http_url) as here,
        http_client(demo.region(AWAY).http_url) as away,
    ):
        used, unused = [await issue_key(here, demo.admin_key, ORGANIZATION, level="all_regions") for _ in range(2)]
        assert await days_of(away, demo) == [None, None]
        await use_until_known(here, used, away, demo, [today.isoformat(), None])
        for client in (here, away):
            refused = await client.get(WEBHOOKS, headers={"SlashID-OrgID": ANOTHER, "SlashID-API-Key": unused})
            assert refused.status_code == 403
            await use(client, used)
            assert await days_of(client, demo) == [today.isoformat(), None]
        (one,) = await uses_in(demo)
        assert isinstance(one.envelope.event, ApiKeyUsed)
        assert (one.envelope.author, one.envelope.organization_id) == (one.envelope.event.key_id, ORGANIZATION)

        tomorrow = await demo.region(HERE).add_service({"CROSSHOOK_CLOCK_OFFSET_MILLISECONDS": "86400000"})
        await tomorrow.wait_ready()
        async with http_client(tomorrow.url) as client:
            await use_until_known(client, used, away, demo, [(today + DAY).isoformat(), None])
            await use(client, used)
        await use(here, used)
        assert len(await uses_in(demo)) == 2
