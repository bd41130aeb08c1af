"""Every query of the dashboard, every rule and every alert, on a real Prometheus that scrapes running regions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local import LocalRegion, LocalRegions, local_regions
from tests.contract.calls import A_TRIGGER, ADMIN_KEY, WEBHOOKS, newcomer, registered, triggers_of, until
from tests.http_client import http_client
from tests.prometheus.dashboard import QUERIES, choices
from tests.prometheus.reading import HALTED, READINGS, without_comparison
from tests.prometheus.running import Prometheus, prometheus_of
from tests.prometheus.trouble import send_too_long_a_head
from tests.rules import ALERTS, RECORDS
from tests.servers_here import accepted_here

# The links between the regions run where the tests do.
pytestmark = [pytest.mark.prometheus, pytest.mark.asyncio(loop_scope="module")]

US, EU = "us-iowa", "europe-belgium"
JOBS = ("crosshook-service", "crosshook-replicator")
LEVELS = ("local_region", "all_regions")
PAUSE_SECONDS = 0.2


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[LocalRegions]:
    async with AsyncExitStack() as stack:
        demo = await stack.enter_async_context(
            local_regions(
                regions=(US, EU),
                round_trips=40,
                settings={"CROSSHOOK_ADMIN_KEY": ADMIN_KEY, "CROSSHOOK_PATCHED_SERVERS": accepted_here()},
            )
        )
        callers = [asyncio.create_task(call(demo.region(name))) for name in (US, EU)]
        try:
            yield demo
        finally:
            for caller in callers:
                caller.cancel()
                with suppress(asyncio.CancelledError):
                    await caller


async def call(region: LocalRegion) -> None:
    """A little load, until cancelled: too long a head, then writes of both levels, reads, and refused requests."""
    await send_too_long_a_head(region)
    async with http_client(region.http_url, timeout=30) as client:
        client.headers.update(await newcomer(region))
        webhook = await registered(client)
        while True:
            for level in LEVELS:
                asked = {"SlashID-Required-Consistency": level, "SlashID-Required-Consistency-Timeout": "2"}
                answer = await client.post(triggers_of(webhook), json=A_TRIGGER, headers=asked)
                assert answer.status_code in (201, 408), answer.text
            await client.get(WEBHOOKS)
            assert (await client.get(f"{WEBHOOKS}/{uuid4()}")).status_code == 404
            await asyncio.sleep(PAUSE_SECONDS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watching(
    demo: LocalRegions, prometheus: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Prometheus]:
    directory = tmp_path_factory.mktemp("prometheus")
    async with prometheus_of(demo, program=prometheus, directory=directory) as watching:
        yield watching


OF_CERTIFICATES = ["Time until certificates expire 1"]
"""The queries that have no data here: these regions have no TLS. promtool tests their series."""


async def check_data(watching: Prometheus, expression: str) -> None:
    await until(lambda: watching.has_data(expression), seconds=30)


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in OF_CERTIFICATES])
async def test_a_query_of_the_dashboard_returns_data(watching: Prometheus, name: str) -> None:
    await check_data(watching, QUERIES[name])


@pytest.mark.parametrize("name", sorted(READINGS.keys() - {HALTED}))
async def test_a_query_of_the_documentation_returns_data(watching: Prometheus, name: str) -> None:
    await check_data(watching, without_comparison(READINGS[name]))


async def test_every_region_can_be_chosen_on_the_dashboard(watching: Prometheus) -> None:
    async def can_be_chosen() -> bool:
        return await watching.label_values(*choices("region")) == sorted((US, EU))

    await until(can_be_chosen)


@pytest.mark.parametrize("record", RECORDS)
async def test_a_recorded_series_has_data(watching: Prometheus, record: str) -> None:
    await check_data(watching, record)


async def test_a_query_about_nothing_is_noticed(watching: Prometheus) -> None:
    assert not await watching.has_data("crosshook_nothing")
    assert not await watching.has_data("0 * vector(NaN)")
    assert await watching.has_data("vector(0)")


async def test_both_processes_of_both_regions_are_scraped(watching: Prometheus) -> None:
    async def all_answer() -> bool:
        up = await watching.query("up == 1")
        found = {(sample.metric["region"], sample.metric["job"]) for sample in up}
        return found == {(region, job) for region in (US, EU) for job in JOBS}

    await until(all_answer)


async def test_every_rule_is_evaluated_and_no_alert_begins_where_all_is_well(watching: Prometheus) -> None:
    async def all_evaluated() -> bool:
        return {rule.health for rule in await watching.rules()} == {"ok"}

    await until(all_evaluated)
    rules = await watching.rules()
    assert {rule.name for rule in rules if rule.type == "recording"} == set(RECORDS)
    assert {rule.name for rule in rules if rule.type == "alerting"} == {alert.alert for alert in ALERTS}
    watching.let_no_alert_wait()
    await until(watching.lets_no_alert_wait)
    for _ in range(2):
        await watching.evaluated_again()
        assert not await watching.alerts(), "pending or firing"


async def test_a_region_that_is_cut_off_is_alarmed_on_until_it_is_healed(
    watching: Prometheus, demo: LocalRegions
) -> None:
    watching.let_no_alert_wait()
    pairs = {(US, EU), (EU, US)}

    async def unreachable() -> set[tuple[str, str]]:
        return {
            (alert.labels["region"], alert.labels["to"])
            for alert in await watching.alerts()
            if alert.labels["alertname"] == "CrosshookRegionUnreachable" and alert.state == "firing"
        }

    async def is_told() -> bool:
        return await unreachable() == pairs

    async def is_over() -> bool:
        return not await unreachable()

    assert await is_over()
    await demo.cut(EU)
    try:
        await until(is_told, seconds=30)
    finally:
        await demo.heal(EU)
    await until(is_over, seconds=30)
