"""`If-Match` and `If-None-Match` on every route, as RFC 9110 defines them."""

import uuid
from typing import Any

import httpx
import pytest

from tests.contract.calls import A_TRIGGER, ADMIN_KEY, WEBHOOKS, a_body, check_refused, registered, triggers_of

Header = list[tuple[str, str]]


def one(webhook_id: str) -> str:
    return f"{WEBHOOKS}/{webhook_id}"


async def tag_of(client: httpx.AsyncClient, webhook: str) -> str:
    return (await client.get(one(webhook))).headers["ETag"]


async def patch(client: httpx.AsyncClient, webhook: str, headers: Header) -> httpx.Response:
    return await client.patch(one(webhook), json={"name": "b"}, headers=headers)


async def test_a_list_of_tags_may_come_on_several_lines_and_have_empty_elements(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    for lines in (['"other"', "{}"], ["{}", '"other"'], [', ,{},"other",'], ["", "{}"], ["*"]):
        tag = await tag_of(client, webhook)
        answer = await patch(client, webhook, [("If-Match", line.format(tag)) for line in lines])
        assert answer.status_code == 200, answer.text
    for lines in (['"other"', '"another"'], [""], [", ,"]):
        check_refused(await patch(client, webhook, [("If-Match", line) for line in lines]), 412, "If-Match", webhook)
    for lines in (["*", "*"], ['*, "a"'], ["a"]):
        for name in ("If-Match", "If-None-Match"):
            check_refused(await patch(client, webhook, [(name, line) for line in lines]), 400, name, "double quotes")


async def test_a_weak_tag_of_the_current_state_is_reported_as_weakened(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    tag = await tag_of(client, webhook)
    answer = await patch(client, webhook, [("If-Match", f"W/{tag}")])
    check_refused(answer, 412, f"W/{tag}", "has weakened the ETag", "send it without W/")
    message = check_refused(await patch(client, webhook, [("If-Match", 'W/"other"')]), 412, "read it again")
    assert "weak" not in message


async def test_a_matching_if_none_match_returns_304_to_a_read_and_412_to_a_write(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    tag = await tag_of(client, webhook)
    for match in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        for method in ("GET", "HEAD"):
            answer = await client.request(method, one(webhook), headers={"If-None-Match": match})
            assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
            assert answer.headers["Cache-Control"] == "no-store"
            assert "SlashID-Consistency-Token" in answer.headers
        for method in ("PATCH", "DELETE"):
            body = {"json": {"name": "b"}} if method == "PATCH" else {}
            answer = await client.request(method, one(webhook), headers={"If-None-Match": match}, **body)  # type: ignore[arg-type]
            check_refused(answer, 412, "If-None-Match", webhook, "nothing was done")
    assert await tag_of(client, webhook) == tag
    assert (await client.get(one(webhook), headers={"If-None-Match": '"other"'})).status_code == 200
    assert (await patch(client, webhook, [("If-None-Match", tag), ("If-None-Match", '"b"')])).status_code == 412
    assert (await patch(client, webhook, [("If-None-Match", '"other"')])).status_code == 200


async def test_a_read_with_if_match_of_another_state_returns_412(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    tag = await tag_of(client, webhook)
    check_refused(await client.get(one(webhook), headers={"If-Match": '"other"'}), 412, webhook)
    assert (await client.get(one(webhook), headers={"If-Match": tag})).status_code == 200


async def test_a_resource_without_a_tag_matches_only_a_star(client: httpx.AsyncClient) -> None:
    """Lists, triggers, operations and keys have no tag. Each exists, so a star matches."""
    triggers = triggers_of(await registered(client))
    operation = (await client.post(triggers, json=A_TRIGGER)).headers["SlashID-Operation-ID"]
    keys = f"/admin/organizations/{client.headers['SlashID-OrgID']}/keys"
    client.headers["Authorization"] = f"Bearer {ADMIN_KEY}"
    key = (await client.post(keys, json={})).json()["result"]["id"]
    routes: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", WEBHOOKS, {}),
        ("POST", WEBHOOKS, {"json": a_body()}),
        ("GET", triggers, {}),
        ("POST", triggers, {"json": A_TRIGGER}),
        ("DELETE", triggers, {"params": A_TRIGGER}),
        ("GET", f"/operations/{operation}", {}),
        ("GET", keys, {}),
        ("POST", keys, {"json": {}}),
        ("DELETE", f"{keys}/{key}", {}),
    ]
    for method, path, asked in routes:
        tags = await client.request(method, path, headers={"If-Match": '"a"'}, **asked)
        check_refused(tags, 412, "has no ETag", "send *")
        star = await client.request(method, path, headers={"If-None-Match": "*"}, **asked)
        assert star.status_code == (304 if method == "GET" else 412), path
        both = await client.request(method, path, headers={"If-Match": "*", "If-None-Match": '"a"'}, **asked)
        assert both.is_success, path


async def test_a_missing_resource_is_reported_before_any_precondition(client: httpx.AsyncClient) -> None:
    nobodys = str(uuid.uuid4())
    for headers in ({"If-Match": '"a"'}, {"If-Match": "*"}, {"If-None-Match": "*"}):
        for path in (one(nobodys), triggers_of(nobodys)):
            check_refused(await client.get(path, headers=headers), 404, nobodys)
            check_refused(await client.delete(path, params=A_TRIGGER, headers=headers), 404, nobodys)
        check_refused(await client.patch(one(nobodys), json={}, headers=headers), 404, nobodys)
        missing = await client.delete(triggers_of(await registered(client)), params=A_TRIGGER, headers=headers)
        check_refused(missing, 404, "trigger not found")


@pytest.mark.parametrize("name", ["If-Unmodified-Since", "If-Modified-Since", "If-Range"])
async def test_preconditions_of_dates_do_not_count(client: httpx.AsyncClient, name: str) -> None:
    webhook = await registered(client)
    for value in ("Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", "no date"):
        assert (await client.get(one(webhook), headers={name: value})).status_code == 200
        assert (await patch(client, webhook, [(name, value)])).status_code == 200
