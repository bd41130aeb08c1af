"""Lists are whole without `limit`, in creation order, and have only the requested items."""

import asyncio

import httpx
import pytest

from tests.contract.calls import A_TRIGGER, WEBHOOKS, a_body, check_refused, registered, triggers_of

MINTED = {"trigger_type": "sync_hook", "trigger_name": "token_minted"}


async def ids(client: httpx.AsyncClient, **parameters: object) -> list[str]:
    answer = await client.get(WEBHOOKS, params={name: str(value) for name, value in parameters.items()})
    assert answer.status_code == 200, answer.text
    return [webhook["id"] for webhook in answer.json()["result"]]


async def created(client: httpx.AsyncClient, body: dict[str, object]) -> None:
    """Register it, again if need be: this region waits 0.6 s for its log, too short for a busy machine."""
    key = {"Idempotency-Key": str(body["target_url"])}
    async with asyncio.timeout(20):
        while (answer := await client.post(WEBHOOKS, json=body, headers=key)).status_code == 503:
            pass
    assert answer.status_code == 201, answer.text


async def test_a_list_without_limit_has_every_webhook_once_in_creation_order(client: httpx.AsyncClient) -> None:
    """The list has more than 100 webhooks, and more than fit in one piece."""
    bodies = [*(a_body() for _ in range(100)), *(a_body(description="d" * 60_000) for _ in range(10))]
    await asyncio.gather(*(created(client, body) for body in bodies))
    answer = (await client.get(WEBHOOKS)).json()
    assert answer["meta"]["pagination"] == {"limit": 110, "offset": 0, "total_count": 110}
    taken = sorted(body["target_url"] for body in bodies)
    assert sorted(webhook["target_url"] for webhook in answer["result"]) == taken
    in_one_step = await ids(client, limit=1_000)
    assert [webhook["id"] for webhook in answer["result"]] == in_one_step
    assert await ids(client, offset=105) == in_one_step[105:]


@pytest.mark.parametrize("asked", ["https://find.example.com/me", "HTTPS://find.example.com:443/%6De"])
async def test_a_webhook_is_found_by_any_form_of_its_target_url(client: httpx.AsyncClient, asked: str) -> None:
    found = await registered(client, target_url="https://FIND.example.com/x/../me")
    await registered(client)
    answer = (await client.get(WEBHOOKS, params={"target_url": asked})).json()
    assert [webhook["id"] for webhook in answer["result"]] == [found]
    assert answer["meta"]["pagination"] == {"limit": 1, "offset": 0, "total_count": 1}
    assert await ids(client, target_url=asked, offset=1) == []
    assert await ids(client, target_url=asked, **A_TRIGGER) == []
    assert (await client.post(triggers_of(found), json=A_TRIGGER)).status_code == 201
    assert await ids(client, target_url=asked, **A_TRIGGER) == [found]
    assert await ids(client, target_url=f"{asked}/else") == []


async def test_webhooks_are_found_by_the_trigger_that_calls_them(client: httpx.AsyncClient) -> None:
    webhooks = [await registered(client) for _ in range(4)]
    for webhook in (webhooks[3], webhooks[0], webhooks[2]):
        assert (await client.post(triggers_of(webhook), json=A_TRIGGER)).status_code == 201
    assert (await client.delete(triggers_of(webhooks[2]), params=A_TRIGGER)).status_code == 204
    assert await ids(client, **A_TRIGGER) == [webhooks[0], webhooks[3]]
    assert await ids(client, **MINTED) == []
    page = (await client.get(WEBHOOKS, params={**A_TRIGGER, "limit": 1, "offset": 1})).json()
    assert [webhook["id"] for webhook in page["result"]] == [webhooks[3]]
    assert page["meta"]["pagination"] == {"limit": 1, "offset": 1, "total_count": 2}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("trigger_type=event", "trigger_name: for trigger_type event expected one of"),
        ("trigger_name=PersonCreated_v1", "trigger_type: expected one of event, sync_hook"),
        ("trigger_type=event&trigger_name=token_minted", "trigger_name: for trigger_type event expected"),
        ("target_url=", "target_url: expected a URL of printable"),
        ("target_url=https://a.example/%20b%0A", "target_url: expected a URL of printable"),
        ("target_url=https://a.example&target_url=https://a.example", "target_url: expected to be given once"),
    ],
)
async def test_a_malformed_filter_is_answered_400(client: httpx.AsyncClient, parameters: str, said: str) -> None:
    check_refused(await client.get(f"{WEBHOOKS}?{parameters}"), 400, said)


async def test_concurrent_whole_lists_of_one_organization_wait_for_each_other(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    answers = await asyncio.gather(*(client.get(WEBHOOKS) for _ in range(20)))
    assert [[found["id"] for found in answer.json()["result"]] for answer in answers] == [[webhook]] * 20


async def test_a_token_of_a_whole_list_covers_what_it_shows(client: httpx.AsyncClient) -> None:
    await registered(client)
    token = (await client.get(WEBHOOKS)).headers["SlashID-Consistency-Token"]
    answer = await client.get(WEBHOOKS, headers={"SlashID-Consistency-Token": token})
    assert answer.headers["SlashID-Consistency-Token"] == token
