"""API keys with scopes and an expiry: what they admit, and from when a region issues them."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local import LocalRegions, local_regions
from service.openapi.document import document
from service.request.limits import Limits
from tests.e2e.earlier_build import BEFORE_RESTRICTED_KEYS, earlier_build, settings_of, upgrade
from tests.e2e.evidence import check, settled
from tests.http_client import http_client
from tests.keys import admin_headers

HERE, AWAY = "us-iowa", "europe-belgium"
WEBHOOKS = "/organizations/webhooks"
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
KEYS = f"/admin/organizations/{ORGANIZATION}/keys"
HOUR_MILLISECONDS = 3_600_000
UPGRADED_SECONDS_MAX = 60.0
"""NATS forgets the last old reader in 5 s, and replicators wait for 15 s."""

PATHS = document(Limits().headers)["paths"]
NEEDS_A_KEY = [
    (method, path)
    for path, operations in sorted(PATHS.items())
    for method, operation in operations.items()
    if operation["security"] == [{"api_key": []}]
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[LocalRegions]:
    async with local_regions(regions=2, round_trips=0) as demo:
        yield demo


async def issue(client: httpx.AsyncClient, demo: LocalRegions, **restrictions: object) -> httpx.Response:
    headers = {**admin_headers(demo.admin_key), "SlashID-Required-Consistency": "all_regions"}
    return await client.post(KEYS, json=restrictions, headers=headers)


async def key_with(client: httpx.AsyncClient, demo: LocalRegions, **restrictions: object) -> dict[str, str]:
    """A new key with `restrictions`, once the regions read such keys: its id, and the headers with it."""
    async with asyncio.timeout(UPGRADED_SECONDS_MAX):
        while (answer := await issue(client, demo, **restrictions)).status_code == 503:
            await asyncio.sleep(0.1)
    assert answer.status_code == 201, answer.text
    result = answer.json()["result"]
    return {"id": result["id"], "SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": result["key"]}


def error_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["message"])


def needed_by(method: str, path: str) -> str:
    if method == "get":
        return "read"
    return "events" if path == "/test-events" else "write"


@pytest.mark.asyncio(loop_scope="module")
async def test_each_route_needs_one_scope_whatever_the_request_has_besides(demo: LocalRegions) -> None:
    async with http_client(demo.region(AWAY).http_url) as client:
        keys = {scope: await key_with(client, demo, scopes=[scope]) for scope in ("read", "write", "events")}
        for method, path in NEEDS_A_KEY:
            needed = needed_by(method, path)
            url = path.replace("{webhook_id}", str(uuid.uuid4())).replace("{operation_id}", str(uuid.uuid4()))
            for body in (b"{}", b"no JSON"):
                answers = {
                    scope: await client.request(method, url, headers=key, content=None if method == "get" else body)
                    for scope, key in keys.items()
                }
                refused = {scope for scope, answer in answers.items() if answer.status_code == 403}
                assert refused == set(keys) - {needed}, f"{method} {path} {body!r}"
                for scope in refused:
                    expected = f"this request needs the scope {needed}, which key {keys[scope]['id']} lacks"
                    assert error_of(answers[scope]) == f"header SlashID-API-Key: {expected}"
        assert (await client.head(WEBHOOKS, headers=keys["read"])).status_code == 200
        assert (await client.head(WEBHOOKS, headers=keys["write"])).status_code == 403


@pytest.mark.asyncio(loop_scope="module")
async def test_an_expired_key_is_refused_as_an_unknown_one_is_and_only_the_log_says_that_it_expired(
    demo: LocalRegions,
) -> None:
    later = await demo.region(HERE).add_service({"CROSSHOOK_CLOCK_OFFSET_MILLISECONDS": str(HOUR_MILLISECONDS)})
    await later.wait_ready()
    async with http_client(demo.region(HERE).http_url) as client, http_client(later.url) as in_an_hour:
        now = datetime.now(timezone(timedelta(hours=12)))
        lasting = await key_with(client, demo, expires_at=(now + timedelta(days=2)).isoformat())
        expired = await key_with(client, demo, expires_at=(now + timedelta(minutes=30)).isoformat())
        unknown = {**lasting, "SlashID-API-Key": f"{lasting['SlashID-API-Key'][:-43]}{'A' * 43}"}
        assert [(await client.get(WEBHOOKS, headers=key)).status_code for key in (lasting, expired)] == [200, 200]
        assert (await in_an_hour.get(WEBHOOKS, headers=lasting)).status_code == 200
        for request in ({"method": "GET", "url": WEBHOOKS}, {"method": "POST", "url": WEBHOOKS, "content": b"no JSON"}):
            refusals = [await in_an_hour.request(**request, headers=key) for key in (expired, unknown)]
            assert [refusal.status_code for refusal in refusals] == [401, 401]
            assert refusals[0].content == refusals[1].content
            assert refusals[0].headers.get("WWW-Authenticate") == refusals[1].headers["WWW-Authenticate"]
    lines = [json.loads(line) for line in later.log.read_text().splitlines() if '"request"' in line]
    assert [line["outcome"] for line in lines if line["status"] == 401] == ["expired", "refused"] * 2


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("restrictions", "expected"),
    [
        ({"scopes": []}, "scopes: expected one or more of read, write, events"),
        ({"scopes": ["read", "admin"]}, "scopes: expected one or more of read, write, events"),
        ({"scopes": "read"}, "body: scopes: Expected `array | null`, got `str`"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at: expected a future time before the year 9999"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "expires_at: expected a future time before the year 9999"),
        ({"expires_at": "2030-01-31"}, "expires_at: expected a future time before the year 9999"),
        ({"expires_at": "2030-01-31T00:00:00"}, "expires_at: expected a future time before the year 9999"),
        ({"expires_at": "2030-02-31T00:00:00Z"}, "expires_at: expected a future time before the year 9999"),
        ({"expires_at": 1_900_000_000}, "body: expires_at: Expected `str | null`, got `int`"),
    ],
)
async def test_other_restrictions_are_refused(demo: LocalRegions, restrictions: dict[str, Any], expected: str) -> None:
    async with http_client(demo.region(HERE).http_url) as client:
        answer = await issue(client, demo, **restrictions)
    assert (answer.status_code, error_of(answer)[: len(expected)]) == (400, expected)


@pytest.mark.long
async def test_a_rebuilt_region_knows_the_restrictions_again() -> None:
    async with local_regions(regions=2, round_trips=0) as demo:
        region = demo.region(HERE)
        async with http_client(region.http_url) as client:
            key = await key_with(client, demo, scopes=["write"], expires_at="2999-01-01T00:00:00Z")
            await region.redis.stop()
            await region.redis.erase_files()
            await region.redis.start()
            # Until a process notices that Redis was away, it is still ready: only requests are refused at once.
            async with asyncio.timeout(UPGRADED_SECONDS_MAX):
                while (answer := await client.get(WEBHOOKS, headers=key)).status_code == 503:
                    await asyncio.sleep(0.1)
            assert answer.status_code == 403
            (listed,) = (await client.get(KEYS, headers=admin_headers(demo.admin_key))).json()["result"]
            assert (listed["scopes"], listed["expires_at"]) == (["write"], "2999-01-01T00:00:00.000Z")
        check(await settled(demo))


@pytest.mark.long
async def test_no_restricted_key_is_issued_before_every_process_of_every_region_reads_it(tmp_path: Path) -> None:
    """A process of the build before would take it for a key with all scopes, or halt at its event."""
    settings = settings_of(earlier_build(BEFORE_RESTRICTED_KEYS, tmp_path))
    async with local_regions(regions=2, round_trips=0, settings=settings) as demo:
        here, away = demo.region(HERE), demo.region(AWAY)
        old = [*here.services, *here.replicators, *away.services, *away.replicators]
        for process in (*here.services, *here.replicators, *away.replicators):
            await upgrade(process)
        async with http_client(here.http_url) as client:
            answer = await issue(client, demo, scopes=["read"])
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            assert error_of(answer).startswith("a key with scopes or an expiry cannot be issued yet: not announced to ")
            assert AWAY in error_of(answer)
            key = await key_with(client, demo, scopes=["read", "write", "events"])
            assert (await client.get(WEBHOOKS, headers=key)).status_code == 200, "its use is not recorded yet"
            await upgrade(away.services[0])
            statuses = []

            async def is_issued() -> bool:
                statuses.append((await issue(client, demo, scopes=["read"])).status_code)
                return statuses[-1] == 201

            async with asyncio.timeout(UPGRADED_SECONDS_MAX):
                while not await is_issued():
                    await asyncio.sleep(0.1)
            assert set(statuses[:-1]) <= {503}
        check(await settled(demo))
        assert not any('"halted"' in process.log.read_text() for process in old)
