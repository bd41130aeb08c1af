"""API keys are facts like all others: replicated, rebuilt, and gone everywhere when a revocation returns."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from core.events import ADMINISTRATOR, ApiKeyUsed, WebhookCreated
from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import ORGANIZATION, calling, calling_all
from tests.e2e.callers import keys_of as new_keys
from tests.e2e.evidence import check, read_registers, settled
from tests.http_client import http_client
from tests.keys import admin_headers, issue_key

HERE, AWAY = "us-iowa", "asia-japan"
LEVEL, TIMEOUT = "SlashID-Required-Consistency", "SlashID-Required-Consistency-Timeout"
WEBHOOKS = "/organizations/webhooks"


def keys_of(organization: str) -> str:
    return f"/admin/organizations/{organization}/keys"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[LocalRegions]:
    """One region. Each test adds a service with settings of its own."""
    async with local_regions(regions=1) as demo:
        yield demo


async def service_with(demo: LocalRegions, **settings: str) -> str:
    """The URL of one more service that has these settings, and is ready."""
    service = await demo.region(HERE).add_service(settings)
    await service.wait_ready()
    return service.url


async def test_a_revocation_with_all_regions_holds_in_every_region_when_it_returns(*, whole: bool) -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        client, admin = callers[HERE].client, admin_headers(demo.admin_key)
        for _ in range(10 if whole else 5):
            organization = str(uuid.uuid4())
            key = await issue_key(client, demo.admin_key, organization, level="all_regions")
            shown = {"SlashID-OrgID": organization, "SlashID-API-Key": key}
            seen = [(await caller.client.get(WEBHOOKS, headers=shown)).status_code for caller in callers.values()]
            assert seen == [200, 200, 200]
            (listed,) = (await client.get(keys_of(organization), headers=admin)).json()["result"]
            revoked = await client.delete(
                f"{keys_of(organization)}/{listed['id']}", headers={**admin, LEVEL: "all_regions"}
            )
            assert revoked.status_code == 204
            answers = await asyncio.gather(*(caller.client.get(WEBHOOKS, headers=shown) for caller in callers.values()))
            assert [answer.status_code for answer in answers] == [401, 401, 401]
        check(await settled(demo))


@pytest.mark.long
async def test_a_revoked_key_stays_revoked_when_redis_is_rebuilt_and_no_redis_or_log_has_a_secret() -> None:
    async with local_regions(regions=2, round_trips=0) as demo, calling_all(demo) as callers:
        client, admin, region = callers[HERE].client, admin_headers(demo.admin_key), demo.region(HERE)
        keys = [await issue_key(client, demo.admin_key, ORGANIZATION, level="all_regions") for _ in range(2)]
        listed = (await client.get(keys_of(ORGANIZATION), headers=admin)).json()["result"]
        revoked = await client.delete(f"{keys_of(ORGANIZATION)}/{listed[-1]['id']}", headers=admin)
        assert revoked.status_code == 204
        await region.redis.stop()
        await region.redis.erase_files()
        await region.redis.start()
        async with asyncio.timeout(20):
            while (await client.get(WEBHOOKS)).status_code == 503:
                await asyncio.sleep(0.02)
        statuses = [(await client.get(WEBHOOKS, headers={"SlashID-API-Key": key})).status_code for key in keys]
        assert statuses == [200, 401]
        evidence = await settled(demo)
        everything = str([log for logs in evidence.logs.values() for log in logs.values()])
        everything += str([await read_registers(one.redis_url) for one in demo.regions.values()])
        assert listed[0]["id"] in everything
        assert not any(key.rpartition("_")[2] in everything for key in keys)


@pytest.mark.long
async def test_every_event_names_its_author() -> None:
    async with local_regions(regions=1) as demo, calling_all(demo) as callers:
        client = callers[HERE].client
        created = await client.post(WEBHOOKS, json={"name": "a", "target_url": "https://authors.example.com"})
        listed = (await client.get(keys_of(ORGANIZATION), headers=admin_headers(demo.admin_key))).json()["result"]
        envelopes = [logged.envelope for logged in (await settled(demo)).events(HERE)]
        *before, last = [envelope for envelope in envelopes if not isinstance(envelope.event, ApiKeyUsed)]
        assert last.author == listed[0]["id"]
        assert isinstance(last.event, WebhookCreated)
        assert last.event.webhook_id == created.json()["result"]["id"]
        assert {envelope.author for envelope in before} == {ADMINISTRATOR}


@pytest.mark.long
async def test_an_administrator_waits_for_regions_and_gets_responses_like_any_client() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        client, admin = callers[HERE].client, admin_headers(demo.admin_key)
        path, once = keys_of(ORGANIZATION), {**admin, "Idempotency-Key": "once"}

        async def issue(**headers: str) -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.post(path, json={"name": "late"}, headers={**once, LEVEL: "all_regions", **named})

        await demo.cut(AWAY)
        late = await issue(**{TIMEOUT: "1"})
        assert late.status_code == 408
        assert late.json()["meta"]["consistency"]["pending"] == [AWAY]
        (made,) = [key for key in (await client.get(path, headers=admin)).json()["result"] if key["name"] == "late"]
        here, waiting = await issue(**{LEVEL: "local_region"}), await issue(**{TIMEOUT: "1"})
        assert [here.status_code, waiting.status_code] == [409, 408], "each waits for what it asks for itself"
        assert f"revoke it with DELETE {path}/{made['id']}" in here.json()["errors"][0]["message"]
        await demo.heal(AWAY)
        everywhere = await issue()
        assert everywhere.status_code == 409
        assert (await callers[AWAY].client.post(path, json={"name": "late"}, headers=once)).status_code == 409
        answers = (late, here, waiting, everywhere)
        assert len({answer.headers["SlashID-Operation-ID"] for answer in answers}) == 1
        assert (await client.post(path, json={"name": "other"}, headers=once)).status_code == 422
        names = [key["name"] for key in (await client.get(path, headers=admin)).json()["result"]]
        assert names.count("late") == 1, "no second one"


@pytest.mark.asyncio(loop_scope="module")
async def test_an_organization_cannot_use_up_the_idempotency_keys_of_the_administrator(demo: LocalRegions) -> None:
    url = await service_with(demo, CROSSHOOK_RETRY_KEYS_MAX="2")
    async with calling(url, await new_keys(demo)) as caller:
        client, admin, path = caller.client, admin_headers(demo.admin_key), keys_of(ORGANIZATION)

        async def create(number: int) -> int:
            body = {"name": "a webhook", "target_url": f"https://keys.example.com/{number}"}
            return (await client.post(WEBHOOKS, json=body, headers={"Idempotency-Key": f"k{number}"})).status_code

        async def issue(number: int) -> httpx.Response:
            return await client.post(path, json={}, headers={**admin, "Idempotency-Key": f"k{number}"})

        assert [await create(number) for number in range(3)] == [201, 201, 503]
        at_once = sorted(await asyncio.gather(*(issue(0) for _ in range(3))), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in at_once] == [201, 409, 409]
        second = await issue(1)
        assert [second.status_code, (await issue(2)).status_code] == [201, 503]
        for number, answer in enumerate((at_once[0], second)):
            key = f"{path}/{answer.json()['result']['id']}"
            revoke = {**admin, "Idempotency-Key": f"r{number}"}
            assert [(await client.delete(key, headers=revoke)).status_code for _ in range(2)] == [204, 204]


@pytest.mark.asyncio(loop_scope="module")
async def test_without_an_admin_key_there_are_no_admin_routes_and_no_access(demo: LocalRegions) -> None:
    async with http_client(await service_with(demo, CROSSHOOK_ADMIN_KEY="")) as client:
        for authorization in ("Bearer", ""):
            answer = await client.post(keys_of(ORGANIZATION), json={}, headers={"Authorization": authorization})
            assert answer.status_code == 404
        answer = await client.get(WEBHOOKS, headers={"SlashID-OrgID": ORGANIZATION})
        assert answer.status_code == 401


@pytest.mark.asyncio(loop_scope="module")
async def test_the_admin_key_is_wanted_and_an_organization_has_as_many_keys_as_it_may(demo: LocalRegions) -> None:
    organization = str(uuid.uuid4())
    path, admin = keys_of(organization), admin_headers(demo.admin_key)
    async with http_client(await service_with(demo, CROSSHOOK_API_KEYS_MAX="2")) as client:
        for headers in ({}, admin_headers("x" * 32), {"SlashID-API-Key": demo.admin_key}):
            answer = await client.post(path, json={}, headers=headers)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        answers = [await client.post(path, json={"name": str(number)}, headers=admin) for number in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 422]
        first = answers[0].json()["result"]
        assert set(first) == {"id", "name", "created_at", "scopes", "expires_at", "last_used_at", "key"}
        listed = (await client.get(path, headers=admin, params={"limit": 1})).json()
        assert listed["result"] == [{name: first[name] for name in first if name != "key"}]
        assert listed["meta"]["pagination"] == {"limit": 1, "offset": 0, "total_count": 2}
        elsewhere = await client.delete(f"{keys_of(str(uuid.uuid4()))}/{first['id']}", headers=admin)
        assert elsewhere.status_code == 404
        for key_id in ("no-uuid", str(uuid.uuid4())):
            assert (await client.delete(f"{path}/{key_id}", headers=admin)).status_code == 404
        revoked = [await client.delete(f"{path}/{first['id']}", headers=admin) for _ in range(2)]
        assert [answer.status_code for answer in revoked] == [204, 204]
        assert len({answer.headers["SlashID-Operation-ID"] for answer in revoked}) == 1
        assert (await client.delete(f"{path}/{first['id'].upper()}", headers=admin)).status_code == 204
        elsewhere = await client.delete(f"{keys_of(str(uuid.uuid4()))}/{first['id']}", headers=admin)
        assert elsewhere.status_code == 404, "its tombstone reveals it to no other organization"
        assert (await client.post(path, json={"name": None}, headers=admin)).status_code == 201
        assert (await client.post(path, json={"name": "x" * 201}, headers=admin)).status_code == 400
        assert (await client.post(keys_of("no-uuid"), json={}, headers=admin)).status_code == 400
