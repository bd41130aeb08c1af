"""A repeated deletion joins the first one until that holds in the required regions.

A repeated revocation always does.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

import httpx
import pytest

from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import OPERATION, ORGANIZATION, WEBHOOKS, Caller, calling_all
from tests.e2e.evidence import check, settled
from tests.keys import admin_headers, issue_key

HERE, NEAR, AWAY = "us-iowa", "europe-belgium", "asia-japan"
LEVEL, TIMEOUT = "SlashID-Required-Consistency", "SlashID-Required-Consistency-Timeout"
SHORT = {LEVEL: "all_regions", TIMEOUT: "1"}
LONG = {LEVEL: "all_regions", TIMEOUT: "60"}
A_TRIGGER = {"trigger_type": "event", "trigger_name": "PersonCreated_v1"}
KEYS = f"/admin/organizations/{ORGANIZATION}/keys"


async def registered(caller: Caller, name: str) -> str:
    """The path of a webhook that every region has."""
    body = {"name": name, "target_url": f"https://deletions.example.com/{name}"}
    answer = await caller.client.post(WEBHOOKS, json=body, headers=LONG)
    assert answer.status_code == 201, answer.text
    return f"{WEBHOOKS}/{answer.json()['result']['id']}"


async def things(demo: LocalRegions, caller: Caller) -> dict[str, Mapping[str, str]]:
    """The things to delete, which every region has: path -> additional headers."""
    webhook, with_trigger = await registered(caller, "deleted"), await registered(caller, "kept")
    created = await caller.client.post(f"{with_trigger}/triggers", json=A_TRIGGER, headers=LONG)
    assert created.status_code == 201
    await issue_key(caller.client, demo.admin_key, ORGANIZATION, level="all_regions")
    admin = admin_headers(demo.admin_key)
    (*_, key) = (await caller.client.get(KEYS, headers=admin)).json()["result"]
    trigger = f"{with_trigger}/triggers?{httpx.QueryParams(A_TRIGGER)}"
    return {webhook: {}, trigger: {}, f"{KEYS}/{key['id']}": admin}


@pytest.mark.long
async def test_a_repeated_deletion_joins_the_first_one_until_that_holds_in_the_required_regions() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        here = callers[HERE].client
        deleted, twice = await things(demo, callers[HERE]), await registered(callers[HERE], "twice")
        operations: dict[str, set[str]] = defaultdict(set)

        async def delete(caller: Caller, path: str, headers: Mapping[str, str]) -> int:
            answer = await caller.client.delete(path, headers={**deleted[path], **headers})
            if OPERATION in answer.headers:
                operations[path].add(answer.headers[OPERATION])
            return answer.status_code

        async def delete_all(caller: Caller, headers: Mapping[str, str]) -> list[int]:
            return list(await asyncio.gather(*(delete(caller, path, headers) for path in deleted)))

        await demo.cut(AWAY)
        both = [(await callers[name].client.delete(twice)).status_code for name in (HERE, AWAY)]
        assert both == [204, 204], "neither has heard of the other's"
        assert await delete_all(callers[HERE], SHORT) == [408, 408, 408]
        assert await delete_all(callers[HERE], SHORT) == [408, 408, 408]
        assert await delete_all(callers[HERE], {}) == [404, 404, 204], "here it holds"
        assert await delete_all(callers[NEAR], SHORT) == [408, 408, 408]
        region = demo.region(HERE)
        await region.redis.stop()
        await region.redis.erase_files()
        await region.redis.start()
        async with asyncio.timeout(20):
            while (await here.get(WEBHOOKS)).status_code == 503:
                await asyncio.sleep(0.02)
        joined = [asyncio.create_task(delete_all(callers[name], LONG)) for name in (HERE, NEAR)]
        await demo.heal(AWAY)
        assert await asyncio.gather(*joined) == [[204, 204, 204]] * 2
        assert await delete_all(callers[AWAY], {}) == [404, 404, 204], "a 204 says that it holds there"
        assert await delete_all(callers[HERE], LONG) == [404, 404, 204]
        for name in (HERE, AWAY):
            assert (await callers[name].client.delete(twice, headers=LONG)).status_code in (204, 404)
            assert [(await caller.client.get(twice)).status_code for caller in callers.values()] == [404, 404, 404]
        assert [len(found) for found in operations.values()] == [1, 1, 1], "each is one operation"
        check(await settled(demo))
