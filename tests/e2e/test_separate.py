"""Two organizations use each other's ids: they get only 403 and 404, and never learn whether an id exists."""

import uuid
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from deploy.local import LocalRegions, local_regions
from tests.e2e.contract_table import ROUTES, Route
from tests.http_client import http_client
from tests.keys import issue_keys

OPERATION = "SlashID-Operation-ID"
NOTHING_THAT_TELLS = ("date", "slashid-consistency-token")
"""The headers with the time and the region's state, which do not depend on the request."""


class Organization(NamedTuple):
    """One organization's name and key, and ids that are its own."""

    headers: Mapping[str, str]
    ids: Mapping[str, str]


class Both(NamedTuple):
    """Two new organizations, and a client in one region."""

    client: httpx.AsyncClient
    one: Organization
    other: Organization


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[LocalRegions]:
    async with local_regions(regions=2, round_trips=0) as demo:
        yield demo


@pytest_asyncio.fixture(loop_scope="module")
async def both(demo: LocalRegions) -> AsyncIterator[Both]:
    url = demo.region("us-iowa").http_url
    keys = await issue_keys(url, demo.admin_key, [str(uuid.uuid4()), str(uuid.uuid4())])
    async with http_client(url, timeout=30) as client:
        found = []
        for name, key in keys.items():
            headers = {"SlashID-OrgID": name, "SlashID-API-Key": key}
            answer = await client.post(
                "/organizations/webhooks",
                json={"name": "secret", "target_url": "https://hooks.example.com/the-same-in-both"},
                headers={**headers, "SlashID-Required-Consistency": "all_regions", "Idempotency-Key": "k1"},
            )
            assert answer.status_code == 201, answer.text
            ids = {"webhook_id": answer.json()["result"]["id"], "operation_id": answer.headers[OPERATION]}
            trigger = await client.post(
                f"/organizations/webhooks/{ids['webhook_id']}/triggers",
                json={"trigger_type": "event", "trigger_name": "PersonCreated_v1"},
                headers=headers,
            )
            assert trigger.status_code == 201
            found.append(Organization(headers, ids))
        yield Both(client, found[0], found[1])


def made_up(like: Mapping[str, str]) -> dict[str, str]:
    """Ids of the same kinds that were never issued."""
    operation = like["operation_id"]
    return {
        "webhook_id": like["webhook_id"][:-6] + uuid.uuid4().hex[:6],
        "operation_id": operation[:-6] + ("000001" if not operation.endswith("000001") else "000002"),
    }


def told(answer: httpx.Response, ids: Mapping[str, str]) -> tuple[int, str, dict[str, str]]:
    """Everything in a response except the id in the request."""
    text = answer.text
    for name, value in ids.items():
        text = text.replace(value, name)
    return answer.status_code, text, {k: v for k, v in answer.headers.items() if k not in NOTHING_THAT_TELLS}


def is_about_an_id(route: Route) -> bool:
    return "{" in route.path


async def test_another_organizations_ids_are_answered_like_unused_ids(both: Both) -> None:
    client, one, other = both
    for route in filter(is_about_an_id, ROUTES):
        fake = made_up(other.ids)
        body = {**(route.body() or {}), "target_url": "https://hooks.example.com/unused"} if route.body() else None
        asked = [(await route.ask(client, ids, headers=one.headers, body=body), ids) for ids in (other.ids, fake)]
        theirs, nobodys = (told(answer, ids) for answer, ids in asked)
        assert theirs == nobodys
        if "operation_id" in route.path:
            assert asked[0][0].json()["result"] == {
                "operation_id": other.ids["operation_id"],
                "state": "unknown",
                "origin": None,
                "sequence": None,
                "regions": {},
            }
        else:
            assert theirs[0] == 404


async def test_another_organization_is_answered_403_whether_or_not_it_or_the_ids_exist(both: Both) -> None:
    client, one, other = both
    names = [other.headers["SlashID-OrgID"], str(uuid.uuid4())]
    for route in ROUTES:
        answers = [
            told(await route.ask(client, ids, headers={**one.headers, "SlashID-OrgID": name}, body=route.body()), ids)
            for name in names
            for ids in (one.ids, other.ids, made_up(other.ids))
        ]
        assert {answer[0] for answer in answers} == {403}
        assert len({str(answer) for answer in answers}) == 1


async def test_nothing_of_anothers_has_changed_and_neither_names_nor_idempotency_keys_are_shared(
    demo: LocalRegions, both: Both
) -> None:
    client, one, other = both
    for route in filter(is_about_an_id, ROUTES):
        await route.ask(client, other.ids, headers=one.headers)
    for region in demo.regions.values():
        for mine in (one, other):
            listed = await client.get(f"{region.http_url}/organizations/webhooks", headers=mine.headers)
            (webhook,) = listed.json()["result"]
            assert (webhook["id"], webhook["name"]) == (mine.ids["webhook_id"], "secret")
            triggers = await client.get(
                f"{region.http_url}/organizations/webhooks/{webhook['id']}/triggers", headers=mine.headers
            )
            assert len(triggers.json()["result"]) == 1
