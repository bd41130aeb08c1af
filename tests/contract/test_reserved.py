"""The routes for calling webhooks are reserved, and return 501."""

import httpx
import pytest

from deploy.local import LocalRegion
from tests.contract.calls import WEBHOOKS, check_refused, newcomer, organization
from tests.http_client import http_client

KEYS = f"{WEBHOOKS}/verification-jwks"
RESERVED = [("GET", KEYS), ("POST", "/test-events")]


@pytest.mark.parametrize(("method", "path"), RESERVED)
async def test_a_reserved_route_returns_501_that_no_cache_keeps(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path)
    check_refused(answer, 501, "not there yet", "calls no webhook")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_keys_take_the_organizations_id_alone(region: LocalRegion) -> None:
    async with http_client(region.http_url) as stranger:
        check_refused(await stranger.get(KEYS, headers={"SlashID-OrgID": organization()}), 501)
        check_refused(await stranger.get(KEYS), 400, "SlashID-OrgID")


@pytest.mark.parametrize("body", [b"", b"{", b'[{"event_name": "PersonCreated_v1"}]'])
async def test_the_test_events_route_authenticates_before_it_answers(
    region: LocalRegion, client: httpx.AsyncClient, body: bytes
) -> None:
    path = "/test-events"
    check_refused(await client.post(path, content=body), 501)
    check_refused(await client.post(path, content=body, headers={"SlashID-API-Key": "nobody's"}), 401)
    check_refused(await client.post(path, content=body, headers={"Content-Encoding": "br"}), 415)
    other = await newcomer(region)
    check_refused(await client.post(path, content=body, headers={"SlashID-OrgID": other["SlashID-OrgID"]}), 403)
    stranger = {"SlashID-API-Key": "nobody's", "Content-Encoding": "br"}
    check_refused(await client.post(path, content=body, headers=stranger), 401)
