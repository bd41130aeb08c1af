"""The exact contract of changing, deleting and paging."""

import asyncio
import uuid

import httpx
import pytest

from deploy.local import LocalRegion
from tests.contract.calls import A_TRIGGER, WEBHOOKS, a_body, check_refused, newcomer, registered, triggers_of
from tests.http_client import http_client


def one(webhook_id: str) -> str:
    return f"{WEBHOOKS}/{webhook_id}"


async def test_a_patch_changes_the_named_fields_and_returns_the_whole_webhook(client: httpx.AsyncClient) -> None:
    created = await client.post(WEBHOOKS, json=a_body(custom_headers={"X-A": ["1"]}, timeout="5s", description="d"))
    before = created.json()["result"]
    answer = await client.patch(one(before["id"]), json={"name": "renamed", "timeout": "1.5s"})
    assert answer.status_code == 200
    after = answer.json()["result"]
    assert after == before | {"name": "renamed", "timeout": "1.5s", "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"] == before["created_at"]
    read = await client.get(one(before["id"]))
    assert read.json()["result"] == after
    assert read.headers["ETag"] == answer.headers["ETag"] != created.headers["ETag"]


async def test_a_patch_replaces_all_custom_headers(client: httpx.AsyncClient) -> None:
    webhook = await registered(client, custom_headers={"X-A": ["1"], "X-B": ["2"]})
    changed = await client.patch(one(webhook), json={"custom_headers": {"X-C": ["3", "4"]}})
    assert changed.json()["result"]["custom_headers"] == {"X-C": ["3", "4"]}
    emptied = await client.patch(one(webhook), json={"custom_headers": {}})
    assert "custom_headers" not in emptied.json()["result"]


async def test_a_patch_ignores_null_and_empty_fields(client: httpx.AsyncClient) -> None:
    webhook = await registered(client, custom_headers={"X-A": ["1"]}, timeout="3s")
    answer = await client.patch(f"{WEBHOOKS}/{webhook}", json={"custom_headers": [], "timeout": "", "name": None})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["result"]["custom_headers"], answer.json()["result"]["timeout"]) == ({"X-A": ["1"]}, "3s")


async def test_a_patch_of_nothing_changes_nothing(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    before = (await client.get(one(webhook))).json()
    assert (await client.patch(one(webhook), json={})).json()["result"] == before["result"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"target_url": "http://hooks.example.com"}, "target_url"),
        ({"timeout": "21s"}, "timeout"),
        ({"custom_headers": {"a b": ["c"]}}, "custom_headers"),
        ({"description": 5}, "description"),
    ],
)
async def test_a_patch_with_a_bad_field_is_answered_400_with_the_field_named(
    client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    check_refused(await client.patch(one(await registered(client)), json=body), 400, field)


async def test_a_patch_to_a_taken_target_url_returns_409(client: httpx.AsyncClient) -> None:
    taken = a_body()
    assert (await client.post(WEBHOOKS, json=taken)).status_code == 201
    webhook = await registered(client)
    check_refused(await client.patch(one(webhook), json={"target_url": taken["target_url"]}), 409, "target_url")
    own = (await client.get(one(webhook))).json()["result"]["target_url"]
    assert (await client.patch(one(webhook), json={"target_url": own})).status_code == 200


EQUIVALENTS = ["HTTPS://{}/a/b", "https://{}:443/a/b", "https://{}:0443/a/b", "https://{}:/a/b", "https://{}/%61/%62"]


@pytest.mark.parametrize("form", [*EQUIVALENTS, "https://{}/a/./b", "https://{}/a/x/%2e%2E/b"])
async def test_an_endpoint_is_registered_once_in_all_its_forms_and_keeps_its_text(
    client: httpx.AsyncClient, form: str
) -> None:
    given = form.format("Hooks.example.com")
    first = await registered(client, target_url=given)
    assert (await client.get(one(first))).json()["result"]["target_url"] == given
    check_refused(
        await client.post(WEBHOOKS, json=a_body(target_url="https://hooks.example.com/a/b")), 409, "target_url"
    )
    other = await registered(client)
    changed = await client.patch(one(other), json={"target_url": "https://hooks.example.com/a/b"})
    check_refused(changed, 409, "target_url")
    written_anew = await client.patch(one(first), json={"target_url": "https://hooks.example.com/a/b"})
    assert written_anew.json()["result"]["target_url"] == "https://hooks.example.com/a/b"
    assert (await client.delete(one(first))).status_code == 204
    assert (await client.post(WEBHOOKS, json=a_body(target_url=given))).status_code == 201


async def test_the_root_of_a_host_is_one_endpoint_with_and_without_a_slash(client: httpx.AsyncClient) -> None:
    await registered(client, target_url="https://root.example.com")
    check_refused(await client.post(WEBHOOKS, json=a_body(target_url="https://root.example.com/")), 409, "target_url")


async def test_of_many_concurrent_requests_for_one_endpoint_in_many_forms_one_gets_it(
    client: httpx.AsyncClient,
) -> None:
    bodies = [a_body(target_url=form.format("race.example.com")) for form in EQUIVALENTS * 4]
    answers = await asyncio.gather(*(client.post(WEBHOOKS, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (len(bodies) - 1)


async def test_a_target_url_that_is_free_again_can_be_taken(client: httpx.AsyncClient) -> None:
    body = a_body()
    first = (await client.post(WEBHOOKS, json=body)).json()["result"]["id"]
    await client.patch(one(first), json={"target_url": a_body()["target_url"]})
    second = await client.post(WEBHOOKS, json=body)
    assert second.status_code == 201
    assert (await client.delete(one(second.json()["result"]["id"]))).status_code == 204
    assert (await client.post(WEBHOOKS, json=body)).status_code == 201


async def test_a_deleted_webhook_and_its_triggers_are_answered_404_everywhere(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    await client.post(triggers_of(webhook), json=A_TRIGGER)
    answer = await client.delete(one(webhook))
    assert (answer.status_code, answer.content) == (204, b"")
    for again in (
        await client.get(one(webhook)),
        await client.delete(one(webhook)),
        await client.patch(one(webhook), json={"name": "b"}),
        await client.get(triggers_of(webhook)),
        await client.post(triggers_of(webhook), json=A_TRIGGER),
        await client.delete(triggers_of(webhook), params=A_TRIGGER),
    ):
        check_refused(again, 404, "webhook not found", webhook)
    assert (await client.get(WEBHOOKS)).json()["result"] == []


async def test_a_deleted_trigger_is_gone_and_a_second_deletion_returns_404(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    await client.post(triggers_of(webhook), json=A_TRIGGER)
    answer = await client.delete(triggers_of(webhook), params=A_TRIGGER)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(triggers_of(webhook))).json()["result"] == []
    check_refused(await client.delete(triggers_of(webhook), params=A_TRIGGER), 404, "trigger not found")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "trigger_type"),
        ({"trigger_type": "event"}, "trigger_name"),
        ({"trigger_type": "event", "trigger_name": "token_minted"}, "trigger_name"),
        ({"trigger_type": ["event", "event"], "trigger_name": "PersonCreated_v1"}, "once"),
    ],
)
async def test_a_badly_named_trigger_is_answered_400(
    client: httpx.AsyncClient, parameters: dict[str, str | list[str]], said: str
) -> None:
    check_refused(await client.delete(triggers_of(await registered(client)), params=parameters), 400, said)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_if_match_admits_only_a_client_that_saw_the_last_change(client: httpx.AsyncClient, method: str) -> None:
    webhook = await registered(client)
    seen = (await client.get(one(webhook))).headers["ETag"]
    await client.patch(one(webhook), json={"description": "another change was faster"})
    body = {"json": {"name": "b"}} if method == "PATCH" else {}
    late = await client.request(method, one(webhook), headers={"If-Match": seen}, **body)  # type: ignore[arg-type]
    check_refused(late, 412, webhook)
    now = (await client.get(one(webhook))).headers["ETag"]
    for match in (f'"other", {now}', "*"):
        answer = await client.request(method, one(webhook), headers={"If-Match": match}, **body)  # type: ignore[arg-type]
        assert answer.status_code in (200, 204)
        webhook = await registered(client) if method == "DELETE" else webhook
        now = (await client.get(one(webhook))).headers["ETag"]


@pytest.mark.parametrize("match", ['W/"weak"', '"a,b"', '"other" , W/"weak"', '""'])
async def test_a_well_formed_entity_tag_of_another_state_is_answered_412(client: httpx.AsyncClient, match: str) -> None:
    webhook = await registered(client)
    own = (await client.get(one(webhook))).headers["ETag"]
    check_refused(await client.patch(one(webhook), json={}, headers={"If-Match": match}), 412)
    check_refused(await client.patch(one(webhook), json={}, headers={"If-Match": f"W/{own}"}), 412)
    assert (await client.patch(one(webhook), json={}, headers={"If-Match": f"{match},{own}"})).status_code == 200


async def test_a_malformed_if_match_is_answered_400(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    answer = await client.patch(one(webhook), json={}, headers={"If-Match": "unquoted"})
    check_refused(answer, 400, "If-Match", "double quotes")


async def test_lists_come_in_pages_in_creation_order_with_the_total(client: httpx.AsyncClient) -> None:
    created = [await registered(client) for _ in range(7)]
    for offset, limit in ((0, 3), (3, 3), (6, 3), (7, 3), (0, 1_000)):
        answer = (await client.get(WEBHOOKS, params={"offset": offset, "limit": limit})).json()
        assert [webhook["id"] for webhook in answer["result"]] == created[offset : offset + limit]
        assert answer["meta"]["pagination"] == {"limit": limit, "offset": offset, "total_count": 7}
    names = [f"Role{what}_v1" for what in ("Created", "Deleted", "Updated")]
    for name in names:
        await client.post(triggers_of(created[0]), json={"trigger_type": "event", "trigger_name": name})
    answer = (await client.get(triggers_of(created[0]), params={"offset": 1, "limit": 1})).json()
    assert [trigger["trigger_name"] for trigger in answer["result"]] == names[1:2]
    assert answer["meta"]["pagination"] == {"limit": 1, "offset": 1, "total_count": 3}


@pytest.mark.parametrize("parameter", ["limit=0", "limit=1001", "limit=x", "offset=-1", "offset=", "limit=1&limit=2"])
async def test_an_impossible_page_is_answered_400_with_the_parameter_named(
    client: httpx.AsyncClient, parameter: str
) -> None:
    check_refused(await client.get(f"{WEBHOOKS}?{parameter}"), 400, parameter.split("=", maxsplit=1)[0])


async def test_another_organizations_webhook_cannot_be_changed_or_deleted(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    other = await newcomer(region)
    unknown = str(uuid.uuid4())
    for path in (one(webhook), one(unknown)):
        check_refused(await client.patch(path, json={"name": "b"}, headers=other), 404)
        check_refused(await client.delete(path, headers=other), 404)
        check_refused(await client.delete(f"{path}/triggers", params=A_TRIGGER, headers=other), 404)
    assert (await client.get(one(webhook))).status_code == 200


async def test_of_many_creates_of_one_target_url_through_two_services_exactly_one_gets_201(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    second = await region.add_service()
    await second.wait_ready()
    async with http_client(second.url, headers=client.headers, timeout=20) as other:
        for _ in range(10):
            body = a_body()
            answers = await asyncio.gather(
                *(caller.post(WEBHOOKS, json=body) for caller in (client, other) for _ in range(4))
            )
            assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    await second.stop()
