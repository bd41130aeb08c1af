"""Each metric changes when it should, on two running regions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import LocalRegions, local_regions
from runtime.health import NotReady
from tests.contract.calls import A_TRIGGER, ADMIN_KEY, WEBHOOKS, a_body, organization, registered, triggers_of, until
from tests.http_client import http_client
from tests.keys import issue_key
from tests.metrics import next_second

# The links between the regions run where the tests do.
pytestmark = pytest.mark.asyncio(loop_scope="module")

US, EU = "us-iowa", "europe-belgium"
ROUND_TRIP_SECONDS = 0.04
EVERYWHERE = {"SlashID-Required-Consistency": "all_regions", "SlashID-Required-Consistency-Timeout": "20"}


class Metrics:
    """The metrics of a process at one time. A missing metric is 0."""

    def __init__(self, text: str) -> None:
        self._samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def of(self, name: str, **labels: str) -> float:
        return self._samples.get((f"crosshook_{name}", frozenset(labels.items())), 0)

    def has(self, name: str, **labels: str) -> bool:
        return (f"crosshook_{name}", frozenset(labels.items())) in self._samples


async def fresh(reading: Awaitable[Metrics]) -> Metrics:
    """What `reading` gets in the next second: until then the process may answer with what it has read before."""
    await next_second()
    return await reading


async def read(url: str) -> Metrics:
    async with http_client() as client:
        return Metrics((await client.get(f"{url}/metrics")).text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[LocalRegions]:
    # The use of a key would be one more event, at a time of its own.
    settings = {"CROSSHOOK_ADMIN_KEY": ADMIN_KEY, "CROSSHOOK_LAST_USED": "never"}
    async with local_regions(regions=(US, EU), round_trips=ROUND_TRIP_SECONDS * 1_000, settings=settings) as demo:
        yield demo


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def well_again(demo: LocalRegions) -> AsyncIterator[None]:
    yield
    for region in (US, EU):
        await demo.heal(region)
    for process in demo.processes:
        process.resume()
        await process.wait_ready(within_seconds=20)


@pytest_asyncio.fixture(loop_scope="module")
async def client(demo: LocalRegions) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a new organization, with a key that every region knows."""
    name = organization()
    async with http_client(demo.region(US).http_url, timeout=30) as client:
        key = await issue_key(client, ADMIN_KEY, name, level="all_regions")
        client.headers.update({"SlashID-OrgID": name, "SlashID-API-Key": key})
        yield client


async def service(demo: LocalRegions, region: str = US) -> Metrics:
    return await read(demo.region(region).http_url)


async def replicator(demo: LocalRegions, region: str) -> Metrics:
    return await read(demo.region(region).replicators[0].url)


def says(look: Callable[[], Awaitable[Metrics]], holds: Callable[[Metrics], bool]) -> Callable[[], Awaitable[bool]]:
    async def it_says() -> bool:
        return holds(await look())

    return it_says


async def test_a_write_is_counted_timed_and_followed_from_its_arrival_to_every_acknowledgement(
    demo: LocalRegions, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    await until(says(lambda: service(demo), lambda said: said.of("acknowledge_seconds_count", of=EU) >= 2))
    before = await fresh(service(demo))
    for _ in range(3):
        response = await client.post(triggers_of(webhook), json=A_TRIGGER, headers=EVERYWHERE)
        assert response.status_code == 201
    after = await fresh(service(demo))

    def grown(name: str, **labels: str) -> float:
        return after.of(name, **labels) - before.of(name, **labels)

    route = "POST /organizations/webhooks/{webhook_id}/triggers"
    assert grown("http_requests_total", route=route, level="all_regions", status="201") == 3
    assert grown("write_seconds_count", level="all_regions") == 3
    assert grown("write_seconds_count", level="local_region") == 0
    assert grown("write_seconds_sum", level="all_regions") >= 3 * ROUND_TRIP_SECONDS
    assert grown("appended_events_total") == 3
    assert grown("appends_total", outcome="stored") == 3
    assert grown("append_batch_events_bucket", le="1.0") == 3
    assert 0 < grown("append_seconds_sum") < grown("write_seconds_sum", level="all_regions")
    assert grown("acknowledge_seconds_count", of=US) == 3
    assert grown("acknowledge_seconds_count", of=EU) == 3
    assert grown("acknowledge_seconds_sum", of=EU) >= 3 * ROUND_TRIP_SECONDS * 0.9
    assert grown("acknowledge_seconds_sum", of=US) < grown("acknowledge_seconds_sum", of=EU)


async def test_shipped_and_applied_events_are_counted_and_timed(demo: LocalRegions, client: httpx.AsyncClient) -> None:
    before = {region: await fresh(replicator(demo, region)) for region in (US, EU)}
    webhook = await registered(client)
    response = await client.post(triggers_of(webhook), json=A_TRIGGER, headers=EVERYWHERE)
    assert response.status_code == 201
    after = {region: await fresh(replicator(demo, region)) for region in (US, EU)}

    def grown(region: str, name: str, **labels: str) -> float:
        return after[region].of(name, origin=US, **labels) - before[region].of(name, origin=US, **labels)

    events = grown(EU, "watermark_sequence")
    assert events >= 2
    assert grown(EU, "shipped_events_total") == events
    assert grown(EU, "ship_batch_events_sum") == events
    assert grown(EU, "ship_seconds_count") == grown(EU, "ship_batch_events_count")
    # The clock in a stamp is in whole milliseconds.
    one_way = ROUND_TRIP_SECONDS / 2 - 0.002
    assert grown(EU, "ship_seconds_sum") >= grown(EU, "ship_seconds_count") * one_way
    assert not after[US].has("shipped_events_total", origin=US)
    for region in (US, EU):
        assert grown(region, "watermark_sequence") == events
        assert grown(region, "applied_events_total") == events
        assert grown(region, "apply_batch_events_sum") == events
        assert 0 < grown(region, "apply_seconds_sum") < 1
        assert grown(region, "apply_age_seconds_count") == grown(region, "apply_batch_events_count")
    assert grown(EU, "apply_age_seconds_sum") >= grown(EU, "apply_age_seconds_count") * one_way


async def test_while_a_region_is_cut_off_waiting_requests_are_counted_by_that_region(
    demo: LocalRegions, client: httpx.AsyncClient
) -> None:
    webhook = await registered(client)
    await demo.cut(EU)
    writing = asyncio.create_task(client.post(triggers_of(webhook), json=A_TRIGGER, headers=EVERYWHERE))
    await until(says(lambda: service(demo), lambda said: said.of("waiting_for", of=EU) == 1))
    said = await fresh(service(demo))
    assert said.of("requests_waiting", level="all_regions") == 1
    assert said.of("requests_waiting", level="local_region") == 0
    assert said.of("waiting_for", of=US) == 0
    assert said.of("requests_in_flight") == 1
    token = (await client.get(WEBHOOKS)).headers["SlashID-Consistency-Token"]
    elsewhere = {**client.headers, "SlashID-Consistency-Token": token}
    async with http_client(demo.region(EU).http_url, headers=elsewhere, timeout=30) as other:
        reading = asyncio.create_task(other.get(WEBHOOKS))
        await until(says(lambda: service(demo, EU), lambda said: said.of("requests_waiting", level="token") == 1))
        assert (await fresh(service(demo, EU))).of("waiting_for", of=EU) == 1
        await demo.heal(EU)
        assert (await reading).status_code == 200
    assert (await writing).status_code == 201
    said = await fresh(service(demo))
    for level in ("local_region", "all_regions", "token"):
        assert said.of("requests_waiting", level=level) == 0
    for region in (US, EU):
        assert said.of("waiting_for", of=region) == 0
    assert said.of("requests_in_flight") == 0


async def test_a_service_reports_which_regions_all_regions_waits_for(demo: LocalRegions) -> None:
    topology = demo.region(US).topology
    text = topology.read_text()
    (process,) = demo.region(US).services
    assert [(await fresh(service(demo))).of("region_active", of=region) for region in (US, EU)] == [1, 1]
    topology.write_text(text.replace(f"[regions.{EU}]", f'[regions.{EU}]\nstate = "joining"'))
    try:
        await process.restart()
        said = await fresh(service(demo))
        assert [said.of("region_active", of=region) for region in (US, EU)] == [1, 0]
        assert said.has("region_active", of=EU)
    finally:
        topology.write_text(text)
        await process.restart()


async def test_a_cut_off_region_has_no_connection_to_the_others_and_one_to_itself(demo: LocalRegions) -> None:
    async def connected(to: str) -> float:
        return (await fresh(replicator(demo, EU))).of("connected", to=to)

    assert (await connected(US), await connected(EU)) == (1, 1)
    await demo.cut(EU)
    await until(says(lambda: replicator(demo, EU), lambda said: said.of("connected", to=US) == 0))
    assert await connected(EU) == 1
    assert (await fresh(service(demo, EU))).of("connected", to=EU) == 1
    await demo.heal(EU)
    await until(says(lambda: replicator(demo, EU), lambda said: said.of("connected", to=US) == 1))


async def test_both_processes_report_a_hanging_redis_and_not_a_rebuild(demo: LocalRegions) -> None:
    def is_told(said: Metrics) -> bool:
        reasons = {reason for reason in NotReady if said.of("not_ready", reason=reason)}
        return reasons == {NotReady.REDIS} and said.of("ready") == 0

    assert (await fresh(service(demo))).of("ready") == 1
    demo.region(US).redis.pause()
    await until(says(lambda: replicator(demo, US), is_told))
    await until(says(lambda: service(demo), is_told))
    assert (await fresh(replicator(demo, US))).of("projection_current") == 0
    assert not is_told(await fresh(service(demo, EU)))
    demo.region(US).redis.resume()
    await until(says(lambda: service(demo), lambda said: said.of("ready") == 1))
    await until(says(lambda: replicator(demo, US), lambda said: said.of("ready") == 1))


async def test_refused_requests_are_counted_with_their_route_or_with_none(
    demo: LocalRegions, client: httpx.AsyncClient
) -> None:
    before = await fresh(service(demo))
    body = a_body()
    assert [(await client.post(WEBHOOKS, json=body)).status_code for _ in range(2)] == [201, 409]
    assert (await client.post(WEBHOOKS, json={})).status_code == 400
    assert (await client.get("/nowhere/at/all")).status_code == 404
    assert (await client.post(WEBHOOKS, content=b"." * 70_000)).status_code == 413
    after = await fresh(service(demo))

    def grown(status: int, route: str, level: str = "none") -> float:
        labels = {"route": route, "level": level, "status": str(status)}
        return after.of("http_requests_total", **labels) - before.of("http_requests_total", **labels)

    assert grown(201, f"POST {WEBHOOKS}", "local_region") == 1
    assert grown(409, f"POST {WEBHOOKS}", "local_region") == 1
    assert grown(400, f"POST {WEBHOOKS}") + grown(400, f"POST {WEBHOOKS}", "local_region") == 1
    assert grown(404, "none") == 1
    assert grown(413, "none") == 1


async def test_a_rebuild_ends_with_nothing_missing_and_does_not_count_in_the_apply_age(
    demo: LocalRegions, client: httpx.AsyncClient
) -> None:
    await registered(client)
    region = demo.region(US)
    (process,) = region.replicators
    before = await fresh(read(process.url))
    last = before.of("watermark_sequence", origin=US)
    applied = before.of("applied_events_total", origin=US)
    aged = before.of("apply_age_seconds_count", origin=US)
    await region.redis.stop()
    await region.redis.erase_files()
    await region.redis.restart()

    def is_rebuilt(said: Metrics) -> bool:
        again = said.of("applied_events_total", origin=US) >= applied + last
        return again and said.of("projection_current") == 1

    await until(says(lambda: read(process.url), is_rebuilt))
    said = await fresh(read(process.url))
    assert said.of("rebuild_missing_events", origin=US) == 0
    assert said.of("watermark_sequence", origin=US) == last
    assert said.of("apply_age_seconds_count", origin=US) == aged
