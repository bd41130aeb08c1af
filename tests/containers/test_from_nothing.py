"""`docker compose up` makes everything that it needs, and `down --volumes` leaves nothing of it."""

from collections.abc import Callable

import pytest

from tests.containers.composed import REGIONS, Composed
from tests.containers.secrets import held, secrets_in
from tests.e2e.callers import ORGANIZATION, WEBHOOKS, Caller
from tests.engine import compose_command
from tests.http_client import http_client
from tests.measured import MEASURED

pytestmark = pytest.mark.containers


async def test_every_service_is_ready_and_refuses_requests_without_a_key(composed: Composed) -> None:
    for service, url in composed.urls.items():
        async with http_client(url) as client:
            ready = (await client.get("/readyz")).json()
            assert (ready["waiting_for"], ready["halted"]) == ([], {}), service
            assert (await client.get(WEBHOOKS, headers={"SlashID-OrgID": ORGANIZATION})).status_code == 401
            admin = await client.get(f"/admin/organizations/{ORGANIZATION}/keys")
            assert admin.status_code == (401 if service.endswith("-2") else 404), "the others have no admin routes"


async def test_the_guide_continues_with_a_key_that_every_region_knows(composed: Composed) -> None:
    said = await composed.compose("logs", "--no-color", "guide")
    (key,) = {line.rpartition("KEY=")[2].strip() for line in said.splitlines() if "KEY=" in line}
    for region in REGIONS:
        url = composed.urls[f"{region}-service-1"]
        assert url in said or region == "europe-belgium", "the lines are about the first and the last region"
        headers = {"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": key}
        async with http_client(url, headers=headers) as client:
            assert (await client.get(WEBHOOKS)).status_code == 200


async def test_after_down_without_volumes_up_continues_with_the_data_and_the_secrets(composed: Composed) -> None:
    secrets, keys = secrets_in(await composed.files()), await composed.keys()
    async with composed.callers(keys) as callers:
        told = [await caller.register(level="all_regions") for caller in callers.values()]
        assert [one.status for one in told] == [201, 201, 201]
    await composed.down_but_for_volumes()
    assert await composed.there_is("container", "--all") == []
    await composed.up()
    assert secrets_in(await composed.files()) == secrets
    async with composed.callers(keys) as callers:
        read = [await caller.read_status(one.webhook_id) for caller in callers.values() for one in told]
        assert read == [200] * 9
        after = [await caller.register(level="all_regions") for caller in callers.values()]
        assert [one.status for one in after] == [201, 201, 201]


async def test_after_down_there_is_nothing_and_up_starts_from_nothing(
    composed: Composed, record_property: Callable[[str, object], None]
) -> None:
    """The time that it takes depends on the machine. So the test prints it, and its limit is generous."""
    old_secrets, old_keys = secrets_in(await composed.files()), await composed.keys()
    async with composed.callers(old_keys) as callers:
        for region in REGIONS:
            assert (await callers[region].register(level="all_regions", organization=ORGANIZATION)).status == 201
        assert [await count(caller) for caller in callers.values()] == [3, 3, 3]
        await composed.down()
        left = [await composed.there_is(kind) for kind in ("container", "network", "volume")]
        assert left == [[], [], []]
        seconds = await composed.up()
        record_property(MEASURED, f"`{' '.join(compose_command())} up -d` from nothing: ready after {seconds:.0f} s")
    text = "".join((await composed.files()).values())
    assert held(text, old_secrets) == set()
    new_keys = await composed.keys()
    async with composed.callers(old_keys) as strangers, composed.callers(new_keys) as callers:
        refused = [await stranger.client.get(WEBHOOKS) for stranger in strangers.values()]
        assert [answer.status_code for answer in refused] == [401, 401, 401]
        assert [await count(caller) for caller in callers.values()] == [0, 0, 0]
        assert (await callers["us-iowa"].register(level="all_regions", organization=ORGANIZATION)).status == 201
        assert [await count(caller) for caller in callers.values()] == [1, 1, 1]


async def count(caller: Caller) -> int:
    """The number of webhooks that the organization has there."""
    answer = await caller.client.get(WEBHOOKS)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["meta"]["pagination"]["total_count"])
