"""Every row of the contract, with each of its documented statuses, against three regions."""

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from adapters.connection import open_connection
from adapters.event_log import EventLog
from core.operations import batch_name, log_code, operation_id
from core.positions import Epoch, Region, Sequence
from core.stamps import origin_code
from core.tokens import Place, render_token
from deploy.local import LocalRegions, local_regions
from tests.e2e.callers import ORGANIZATION, Caller, calling, calling_all
from tests.e2e.contract_table import OF_EVERY_ROUTE, ROUTES, Route, documenting

HERE, AWAY = "us-iowa", "asia-japan"
NOBODYS = {"webhook_id": "0190a0b0-0000-7000-8000-000000000000", "operation_id": str(uuid.uuid4())}
TOKEN = "SlashID-Consistency-Token"  # noqa: S105 - the name of a header
OPERATION = "SlashID-Operation-ID"
CONSISTENCY, TIMEOUT = "SlashID-Required-Consistency", "SlashID-Required-Consistency-Timeout"
A_SECOND = {TIMEOUT: "1"}


@dataclass(frozen=True)
class Place3:
    """Three regions, and callers of the first one. `frugal` takes one request at a time."""

    demo: LocalRegions
    callers: Mapping[str, Caller]
    frugal: Caller

    @property
    def client(self) -> httpx.AsyncClient:
        """A client of the first region."""
        return self.callers[HERE].client

    async def ids(self) -> dict[str, str]:
        """A new webhook with a trigger, and the operation that made it."""
        body = {"name": "a webhook", "target_url": f"https://{uuid.uuid4()}.example.com"}
        answer = await self.client.post("/organizations/webhooks", json=body)
        assert answer.status_code == 201, answer.text
        found = {"webhook_id": answer.json()["result"]["id"], "operation_id": answer.headers[OPERATION]}
        trigger = await by_name("POST", "triggers").ask(self.client, found)
        assert trigger.status_code == 201, trigger.text
        return found

    @asynccontextmanager
    async def cut_off(self) -> AsyncIterator[str]:
        """One region is cut off. The value is the token of a write there that the others have not seen."""
        await self.demo.cut(AWAY)
        try:
            body = {"name": "unseen", "target_url": f"https://{uuid.uuid4()}.example.com"}
            answer = await self.callers[AWAY].client.post("/organizations/webhooks", json=body)
            assert answer.status_code == 201, answer.text
            yield answer.headers[TOKEN]
        finally:
            await self.demo.heal(AWAY)


OLD_EPOCH, LEFT_AT = Epoch("before"), Sequence(3)


async def begin_log_anew(demo: LocalRegions) -> None:
    """Make one region's log anew, with an epoch that follows another one, as after a restore."""
    async with open_connection([demo.region(HERE).nats_url], name="a restore") as connection:
        await connection.session()
        log = EventLog(connection, Region(HERE))
        await log.create(Epoch("after"), replicas=1, ancestors=((OLD_EPOCH, LEFT_AT),))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place() -> AsyncIterator[Place3]:
    async with local_regions(services=0, replicators=0) as demo:
        await begin_log_anew(demo)
        for region in demo.regions.values():
            await region.add_replicator()
            await region.add_service()
        await demo.wait_ready()
        async with calling_all(demo) as callers:
            frugal = await demo.region(HERE).add_service({"CROSSHOOK_ORGANIZATION_REQUESTS_MAX": "1"})
            await frugal.wait_ready()
            async with calling(frugal.url, callers[HERE].keys) as caller:
                yield Place3(demo, callers, caller)


pytestmark = pytest.mark.asyncio(loop_scope="module")


def by_name(method: str, end: str) -> Route:
    return next(route for route in ROUTES if route.method == method and route.path.endswith(end))


def check(answer: httpx.Response, status: int, route: Route) -> None:
    """Check the status in the first line and in the envelope, and the headers that the contract promises with it."""
    assert answer.status_code == status, f"{route.method} {route.path}: {answer.status_code} {answer.text}"
    if status == 204:
        assert answer.content == b""
    else:
        assert answer.headers["Content-Type"] == "application/json"
        body = answer.json()
        assert [error["httpcode"] for error in body["errors"]] == ([] if status == route.success else [status])
    if status in (429, 503):
        assert int(answer.headers["Retry-After"]) > 0
    if status == 401:
        assert answer.headers["WWW-Authenticate"]
    is_past_the_key = status not in (400, 401, 403, 413, 415, 429, 503)
    assert (TOKEN in answer.headers) == is_past_the_key, answer.headers
    reached_the_log = route.waits_for_consistency and status in (200, 201, 204, 408)
    assert (OPERATION in answer.headers) == reached_the_log
    shows_one = route.is_single_webhook and status in (200, 201) and not route.path.endswith("triggers")
    assert ("ETag" in answer.headers) == shows_one


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_success(place: Place3, route: Route) -> None:
    answer = await route.ask(place.client, await place.ids())
    check(answer, route.success, route)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_400(place: Place3, route: Route) -> None:
    ids = await place.ids()
    for headers in ({TIMEOUT: "121"}, {TOKEN: "x"}, {"SlashID-OrgID": "x"}):
        check(await route.ask(place.client, ids, headers=headers), 400, route)
    if route.waits_for_consistency:
        for headers in ({CONSISTENCY: "some_regions"}, {"Idempotency-Key": "a b"}):
            check(await route.ask(place.client, ids, headers=headers), 400, route)
    if route.body() is not None:
        check(await route.ask(place.client, ids, body=b"{"), 400, route)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_401_and_403(place: Place3, route: Route) -> None:
    ids = await place.ids()
    key = place.callers[HERE].keys[ORGANIZATION]
    wrong = key[:-2] + ("AA" if key[-2:] != "AA" else "BA")
    for shown in ("", "x", wrong):
        check(await route.ask(place.client, ids, headers={"SlashID-API-Key": shown}), 401, route)
    for organization in (str(uuid.uuid4()), *list(place.callers[HERE].keys)[:2]):
        if organization != ORGANIZATION:
            check(await route.ask(place.client, ids, headers={"SlashID-OrgID": organization}), 403, route)


@pytest.mark.parametrize("route", documenting(404), ids=lambda route: f"{route.method} {route.path}")
async def test_404(place: Place3, route: Route) -> None:
    check(await route.ask(place.client, NOBODYS), 404, route)
    if route.parameters:
        ids = await place.ids()
        assert (await route.ask(place.client, ids)).status_code == 204
        check(await route.ask(place.client, ids), 404, route)


async def test_408(place: Place3) -> None:
    webhooks = [await place.ids() for _ in ROUTES]
    async with place.cut_off() as unseen:
        headers = {CONSISTENCY: "all_regions", **A_SECOND}

        async def late(route: Route, ids: Mapping[str, str]) -> None:
            asked = headers if route.waits_for_consistency else {TOKEN: unseen, **A_SECOND}
            answer = await route.ask(place.client, ids, headers=asked)
            check(answer, 408, route)
            consistency = answer.json()["meta"].get("consistency")
            if not route.waits_for_consistency:
                assert consistency is None
                assert AWAY in answer.json()["errors"][0]["message"]
                return
            assert consistency == {
                "required": "all_regions",
                "timeout_seconds": 1,
                "state": "committed",
                "acknowledged": ["europe-belgium", "us-iowa"],
                "pending": ["asia-japan"],
            }
            assert answer.headers["Location"] == f"/operations/{answer.headers[OPERATION]}"
            operation = (await place.client.get(answer.headers["Location"])).json()["result"]
            assert (operation["state"], operation["regions"]["asia-japan"]) == ("committed", "pending")

        routes = documenting(408)
        assert len(routes) == len(ROUTES)
        await asyncio.gather(*(late(route, ids) for route, ids in zip(routes, webhooks, strict=True)))


@pytest.mark.parametrize("route", documenting(409), ids=lambda route: f"{route.method} {route.path}")
async def test_409(place: Place3, route: Route) -> None:
    taken = {"name": "taken", "target_url": f"https://{uuid.uuid4()}.example.com"}
    assert (await by_name("POST", "webhooks").ask(place.client, {}, body=taken)).status_code == 201
    check(await route.ask(place.client, await place.ids(), body=taken), 409, route)


@pytest.mark.parametrize("route", documenting(410), ids=lambda route: f"{route.method} {route.path}")
async def test_410(place: Place3, route: Route) -> None:
    ids = await place.ids()

    def token(sequence: int) -> dict[str, str]:
        return {TOKEN: render_token({origin_code(Region(HERE)): Place(OLD_EPOCH, Sequence(sequence))})}

    check(await route.ask(place.client, ids, headers=token(LEFT_AT + 1)), 410, route)
    check(await route.ask(place.client, ids, headers=token(LEFT_AT)), 200, route)
    if "operation_id" in route.path:
        a_day_ago = int(time.time() * 1_000) - (24 * 60 + 2) * 60_000
        old = operation_id(
            ORGANIZATION,
            batch=batch_name(now_milliseconds=a_day_ago, nonce=0),
            log=log_code(Region(HERE), Epoch("after")),
            number=0,
            sequence=Sequence(1),
        )
        check(await route.ask(place.client, {"operation_id": old}), 410, route)


@pytest.mark.parametrize("route", documenting(412), ids=lambda route: f"{route.method} {route.path}")
async def test_412(place: Place3, route: Route) -> None:
    check(await route.ask(place.client, await place.ids(), headers={"If-Match": '"another"'}), 412, route)


@pytest.mark.parametrize("route", documenting(413), ids=lambda route: f"{route.method} {route.path}")
async def test_413(place: Place3, route: Route) -> None:
    check(await route.ask(place.client, await place.ids(), body=b" " * 65_537), 413, route)


@pytest.mark.parametrize("route", documenting(415), ids=lambda route: f"{route.method} {route.path}")
async def test_415(place: Place3, route: Route) -> None:
    check(await route.ask(place.client, await place.ids(), headers={"Content-Encoding": "gzip"}), 415, route)


@pytest.mark.parametrize("route", documenting(422), ids=lambda route: f"{route.method} {route.path}")
async def test_422(place: Place3, route: Route) -> None:
    """The same idempotency key comes with another payload: another body, `If-Match` or trigger."""
    ids, headers = await place.ids(), {"Idempotency-Key": str(uuid.uuid4())}
    assert (await route.ask(place.client, ids, headers=headers)).status_code == route.success
    if route.body() is not None:
        other = {**(route.body() or {}), "another": "member"}
        check(await route.ask(place.client, ids, headers=headers, body=other), 422, route)
    else:
        check(await route.ask(place.client, ids, headers={**headers, "If-Match": "*"}), 422, route)


async def test_429(place: Place3) -> None:
    ids = await place.ids()
    async with place.cut_off() as unseen:
        everywhere = {CONSISTENCY: "all_regions", TIMEOUT: "20"}

        async def take_the_place() -> httpx.Response:
            route = by_name("POST", "webhooks")
            while (answer := await route.ask(place.frugal.client, ids, headers=everywhere)).status_code == 429:
                await asyncio.sleep(0.05)
            return answer

        first = asyncio.create_task(take_the_place())
        async with asyncio.timeout(15):
            while (await by_name("POST", "triggers").ask(place.frugal.client, ids)).status_code != 429:
                await asyncio.sleep(0.1)
        for route in ROUTES:
            headers = everywhere if route.waits_for_consistency else {TOKEN: unseen, **A_SECOND}
            check(await route.ask(place.frugal.client, ids, headers=headers), 429, route)
    assert (await first).status_code == 201


async def test_503(place: Place3) -> None:
    ids = await place.ids()
    region = place.demo.region(HERE)
    await region.redis.stop()
    try:
        for route in ROUTES:
            check(await route.ask(place.client, ids), 503, route)
    finally:
        await region.redis.start()
        await place.demo.wait_ready()


async def test_unknown_routes_and_methods_are_in_the_envelope(place: Place3) -> None:
    for path in ("/organizations", "/operations", "/organizations/webhooks/x/y", "/admin/organizations"):
        answer = await place.client.get(path)
        assert (answer.status_code, answer.json()["errors"][0]["httpcode"]) == (404, 404)
    allowed = {path: {route.method for route in ROUTES if route.path == path} for path in {r.path for r in ROUTES}}
    for path, methods in allowed.items():
        answer = await place.client.request("PUT", path.format(**NOBODYS))
        assert (answer.status_code, answer.json()["errors"][0]["httpcode"]) == (405, 405)
        assert {method.strip() for method in answer.headers["Allow"].split(",")} - {"OPTIONS", "HEAD"} == methods


async def test_every_status_that_is_documented_is_tried() -> None:
    tried = {int(found) for name in globals() if name.startswith("test_") for found in re.findall(r"\d{3}", name)}
    documented = set().union(*(route.errors for route in ROUTES)) | OF_EVERY_ROUTE
    assert documented <= tried
