"""Two regions decide at the same time, and neither knows of the other's decision."""

import asyncio

import pytest

from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import WEBHOOKS, Caller, calling_all
from tests.e2e.evidence import check, settled

HERE, AWAY = "us-iowa", "asia-japan"


async def create(caller: Caller, name: str, path: str = "one") -> str:
    body = {"name": name, "target_url": f"https://both-sides.example.com/{path}"}
    answer = await caller.client.post(WEBHOOKS, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["result"]["id"])


async def known_everywhere(demo: LocalRegions) -> None:
    await demo.heal(AWAY)
    check(await settled(demo))


@pytest.mark.long
async def test_one_target_url_taken_on_both_sides_of_a_cut_is_kept_twice_in_one_order_and_not_given_a_third_time() -> (
    None
):
    async with local_regions() as demo, calling_all(demo) as callers:
        await demo.cut(AWAY)
        made = [await create(callers[HERE], "here"), await create(callers[AWAY], "away")]
        await known_everywhere(demo)
        listed = [(await caller.client.get(WEBHOOKS)).json()["result"] for caller in callers.values()]
        assert listed[0] == listed[1] == listed[2]
        assert sorted(webhook["id"] for webhook in listed[0]) == sorted(made)
        for caller in callers.values():
            body = {"name": "third", "target_url": "https://both-sides.example.com/one"}
            assert (await caller.client.post(WEBHOOKS, json=body)).status_code == 409
        # A webhook that shares the `target_url` can be changed, and can keep it. A webhook with another one cannot take
        # it.
        path = f"{WEBHOOKS}/{made[0]}"
        for changes in ({"name": "renamed"}, {"target_url": "https://BOTH-sides.example.com:443/one"}):
            assert (await callers[HERE].client.patch(path, json=changes)).status_code == 200
        path = f"{WEBHOOKS}/{await create(callers[HERE], 'other', 'two')}"
        taken = await callers[HERE].client.patch(path, json={"target_url": "https://both-sides.example.com/one"})
        assert taken.status_code == 409


@pytest.mark.long
async def test_edits_of_different_fields_on_both_sides_both_survive_and_of_one_field_the_later() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        webhook = await create(callers[HERE], "edited")
        check(await settled(demo))
        path = f"{WEBHOOKS}/{webhook}"
        await demo.cut(AWAY)
        edits = [
            (HERE, {"name": "of here", "description": "first"}),
            (AWAY, {"timeout": "5s"}),
            (AWAY, {"description": "second"}),
        ]
        for region, changes in edits:
            assert (await callers[region].client.patch(path, json=changes)).status_code == 200
            await asyncio.sleep(0.005)
        await known_everywhere(demo)
        answers = [await caller.client.get(path) for caller in callers.values()]
        for answer in answers:
            merged = {name: answer.json()["result"][name] for name in ("name", "timeout", "description")}
            assert merged == {"name": "of here", "timeout": "5s", "description": "second"}
            assert answer.headers["ETag"] == answers[0].headers["ETag"]
            assert answer.json() == answers[0].json()


@pytest.mark.long
async def test_a_deletion_on_one_side_wins_over_whatever_the_other_side_writes() -> None:
    async with local_regions() as demo, calling_all(demo) as callers:
        webhook = await create(callers[HERE], "deleted")
        check(await settled(demo))
        path = f"{WEBHOOKS}/{webhook}"
        await demo.cut(AWAY)
        assert (await callers[HERE].client.delete(path)).status_code == 204
        trigger = {"trigger_type": "event", "trigger_name": "PersonCreated_v1"}
        assert (await callers[AWAY].client.post(f"{path}/triggers", json=trigger)).status_code == 201
        assert (await callers[AWAY].client.patch(path, json={"name": "alive"})).status_code == 200
        await known_everywhere(demo)
        for caller in callers.values():
            assert (await caller.client.get(path)).status_code == 404
            assert (await caller.client.post(f"{path}/triggers", json=trigger)).status_code == 404
        again = await create(callers[AWAY], "again")
        assert again != webhook
