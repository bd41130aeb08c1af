"""No cache between a service and its clients keeps a response that is for one of them alone."""

import httpx
import pytest

from tests.contract.calls import A_TRIGGER, WEBHOOKS, a_body, registered, triggers_of

OPEN = ["/livez", "/readyz", "/metrics", "/dashboard/lag", "/dashboard/no-such-file", "/nothing", "/schema/nothing"]
STATIC = [
    *("/", "/docs", "/openapi.json"),
    *("/schema", "/schema/openapi.json", "/schema/start.js", "/dashboard", "/dashboard/page.css"),
]


async def test_no_cache_keeps_a_response_about_an_organization(client: httpx.AsyncClient) -> None:
    webhook = await registered(client)
    one = f"{WEBHOOKS}/{webhook}"
    answers = [
        await client.get(WEBHOOKS),
        await client.get(one),
        await client.get(triggers_of(webhook)),
        await client.post(WEBHOOKS, json=a_body()),
        await client.post(triggers_of(webhook), json=A_TRIGGER),
        await client.patch(one, json={"name": "renamed"}),
        await client.request("OPTIONS", one),
        await client.put(one),
        await client.post(WEBHOOKS, content=b"{"),
        await client.post(WEBHOOKS, content=b" " * 70_000),
        await client.get(one, headers={"SlashID-API-Key": "nobody's"}),
        await client.get(f"{WEBHOOKS}/none"),
        await client.get("/operations/none"),
        await client.get("/admin/organizations/none/keys"),
        await client.delete(one),
    ]
    assert [answer.status_code for answer in answers] == [
        *(200, 200, 200, 201, 201, 200, 204, 405, 400, 413, 401, 404, 400, 401, 204),
    ]
    for answer in answers:
        assert answer.headers.get_list("Cache-Control") == ["no-store"], answer.request


@pytest.mark.parametrize("path", OPEN)
async def test_no_cache_keeps_what_changes_or_is_not_there(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).headers.get_list("Cache-Control") == ["no-store"]


@pytest.mark.parametrize("path", STATIC)
async def test_a_cache_may_keep_a_static_file_if_it_revalidates_it(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).headers.get_list("Cache-Control") == ["no-cache"]
