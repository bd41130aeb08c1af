"""The additions to the original API, in one region: tokens, idempotency keys, operations."""

import asyncio
import uuid

import httpx
import pytest

from core.positions import Epoch, Region, Sequence
from core.stamps import origin_code
from core.tokens import Place, Token, parse_token, render_token
from deploy.local import LocalRegion
from tests.contract.calls import (
    A_TRIGGER,
    ADMIN_KEY,
    WEBHOOKS,
    a_body,
    check_refused,
    newcomer,
    organization,
    registered,
    triggers_of,
    until,
)
from tests.http_client import http_client
from tests.keys import admin_headers

HERE = origin_code(Region("us-iowa"))
TOKEN, TIMEOUT = "SlashID-Consistency-Token", "SlashID-Required-Consistency-Timeout"
OPERATION, RETRY = "SlashID-Operation-ID", "Idempotency-Key"
WRONG_KEY = {"SlashID-API-Key": "crosshook_" + "0" * 32 + "_" + "A" * 43}


async def token_now(client: httpx.AsyncClient) -> Token:
    return parse_token((await client.get(WEBHOOKS)).headers[TOKEN])


async def read_with(client: httpx.AsyncClient, token: Token) -> httpx.Response:
    return await client.get(WEBHOOKS, headers={TOKEN: render_token(token), TIMEOUT: "1"})


async def test_a_token_grows_with_each_write_and_covers_it(client: httpx.AsyncClient) -> None:
    before = await token_now(client)
    created = await client.post(WEBHOOKS, json=a_body())
    after = parse_token(created.headers[TOKEN])
    assert after[HERE].epoch == before[HERE].epoch
    assert after[HERE].sequence > before[HERE].sequence
    assert (await read_with(client, after)).status_code == 200


async def use_is_recorded(client: httpx.AsyncClient) -> None:
    """Return once the use of the client's key is in the log, so that reads with it make no event."""
    path = f"/admin/organizations/{client.headers['SlashID-OrgID']}/keys"

    async def is_recorded() -> bool:
        await client.get(WEBHOOKS)
        (key,) = (await client.get(path, headers=admin_headers(ADMIN_KEY))).json()["result"]
        return key["last_used_at"] is not None

    await until(is_recorded)


async def test_a_token_of_a_future_write_waits_for_that_write(client: httpx.AsyncClient) -> None:
    await use_is_recorded(client)
    now = (await token_now(client))[HERE]
    soon: Token = {HERE: Place(now.epoch, Sequence(now.sequence + 1))}
    late = await read_with(client, soon)
    check_refused(late, 408, "within 1 s", "us-iowa")
    waiting = asyncio.create_task(client.get(WEBHOOKS, headers={TOKEN: render_token(soon), TIMEOUT: "20"}))
    await registered(client)
    answer = await waiting
    assert answer.status_code == 200
    assert len(answer.json()["result"]) == 1


async def test_a_token_far_in_the_future_holds_up_only_its_own_request(client: httpx.AsyncClient) -> None:
    now = (await token_now(client))[HERE]
    for epoch in (now.epoch, Epoch("0000000000")):
        forged = asyncio.create_task(read_with(client, {HERE: Place(epoch, Sequence(2**48 - 1))}))
        assert await registered(client)
        assert (await read_with(client, await token_now(client))).status_code == 200
        check_refused(await forged, 408, "us-iowa")


async def test_a_token_of_an_unconfigured_region_waits_until_the_deadline(
    client: httpx.AsyncClient,
) -> None:
    begin = asyncio.get_running_loop().time()
    check_refused(await read_with(client, {"000000": Place(Epoch("e"), Sequence(1))}), 408, "not configured here")
    assert asyncio.get_running_loop().time() - begin >= 1


async def test_a_write_with_a_token_passes_it_on_without_waiting(client: httpx.AsyncClient) -> None:
    elsewhere: Token = {"000000": Place(Epoch("e"), Sequence(7))}
    answer = await client.post(WEBHOOKS, json=a_body(), headers={TOKEN: render_token(elsewhere)})
    assert answer.status_code == 201
    assert parse_token(answer.headers[TOKEN])["000000"] == Place(Epoch("e"), Sequence(7))


@pytest.mark.parametrize("status", [404, 409])
async def test_a_refusal_after_a_read_has_a_token_too(client: httpx.AsyncClient, status: int) -> None:
    body = a_body()
    await client.post(WEBHOOKS, json=body)
    path = WEBHOOKS if status == 409 else triggers_of(str(uuid.uuid4()))
    answer = await client.post(path, json=body if status == 409 else A_TRIGGER)
    check_refused(answer, status)
    assert parse_token(answer.headers[TOKEN])
    assert OPERATION not in answer.headers


async def test_a_refused_request_does_not_use_up_its_idempotency_key(client: httpx.AsyncClient) -> None:
    """Only accepted writes are recorded: the reason for the refusal may be gone."""
    taken = a_body()
    first = (await client.post(WEBHOOKS, json=taken)).json()["result"]["id"]
    headers = {RETRY: "k"}
    check_refused(await client.post(WEBHOOKS, json=taken, headers=headers), 409)
    await client.delete(f"{WEBHOOKS}/{first}")
    assert (await client.post(WEBHOOKS, json=taken, headers=headers)).status_code == 201


async def test_concurrent_requests_with_one_idempotency_key_get_equal_responses_and_one_effect(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    second = await region.add_service()
    await second.wait_ready()
    async with http_client(second.url, headers=client.headers, timeout=20) as other:
        for number in range(10):
            body, headers = a_body(), {RETRY: f"at once {number}".replace(" ", "-")}
            answers = await asyncio.gather(
                *(caller.post(WEBHOOKS, json=body, headers=headers) for caller in (client, other) for _ in range(5))
            )
            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.text for answer in answers}) == 1
            assert len({answer.headers[OPERATION] for answer in answers}) == 1
        assert (await client.get(WEBHOOKS)).json()["meta"]["pagination"]["total_count"] == 10
    await second.stop()


async def test_an_idempotency_key_belongs_to_one_route_and_one_organization(
    region: LocalRegion, client: httpx.AsyncClient
) -> None:
    headers = {RETRY: "shared"}
    created = await client.post(WEBHOOKS, json=a_body(), headers=headers)
    path = triggers_of(created.json()["result"]["id"])
    assert (await client.post(path, json=A_TRIGGER, headers=headers)).status_code == 201
    assert (await client.delete(path, params=A_TRIGGER, headers=headers)).status_code == 204
    assert (await client.delete(path, params=A_TRIGGER, headers=headers)).status_code == 204, "it is repeated"
    check_refused(await client.delete(path, params=A_TRIGGER), 404)
    stranger = await newcomer(region)
    assert (await client.post(WEBHOOKS, json=a_body(), headers={**headers, **stranger})).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", WEBHOOKS, b"{"),
        ("POST", WEBHOOKS, b'{"name": ""}'),
        ("GET", f"{WEBHOOKS}?limit=0", None),
        ("GET", f"{WEBHOOKS}/no-uuid", None),
        ("PATCH", f"{WEBHOOKS}/no-uuid", b"{}"),
        ("DELETE", triggers_of("no-uuid"), None),
        ("GET", "/operations/no-uuid", None),
    ],
)
async def test_without_a_good_key_a_client_does_not_learn_what_is_wrong_or_missing(
    client: httpx.AsyncClient, method: str, path: str, body: bytes | None
) -> None:
    bad = {TOKEN: "x", TIMEOUT: "x", RETRY: "a b"}
    for headers in (WRONG_KEY, {**WRONG_KEY, **bad}):
        refused = await client.request(method, path, content=body, headers=headers)
        check_refused(refused, 401)
        check_refused(await client.request(method, path, content=body, headers={**headers, "SlashID-API-Key": ""}), 401)
        assert TOKEN not in refused.headers
    check_refused(await client.request(method, path, content=body, headers={"SlashID-OrgID": organization()}), 403)


async def test_every_client_learns_which_methods_there_are(region: LocalRegion) -> None:
    async with http_client(region.http_url) as nobody:
        answer = await nobody.options(f"{WEBHOOKS}/{uuid.uuid4()}")
        assert (answer.status_code, answer.headers["Allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, PATCH")
        assert (await nobody.put(WEBHOOKS)).status_code == 405
        assert (await nobody.get("/organizations/nothing")).status_code == 404


async def test_a_request_that_is_authenticated_late_gets_the_same_response(
    client: httpx.AsyncClient,
) -> None:
    check_refused(await client.post(WEBHOOKS, content=b"{"), 400, "body")
    check_refused(await client.get(f"{WEBHOOKS}/no-uuid"), 404, "no-uuid")
