"""The alerts report trouble in running regions, on a real Prometheus that scrapes them."""

from functools import partial
from pathlib import Path

import pytest

from deploy.local import LocalRegion, local_regions
from deploy.local.processes.configuration import nats_url
from tests.contract.calls import until
from tests.e2e.callers import calling_all
from tests.e2e.set_back import restore, written_past_a_copy
from tests.prometheus.dashboard import OF_TROUBLE
from tests.prometheus.reading import HALTED, READINGS
from tests.prometheus.running import Prometheus, prometheus_of
from tests.prometheus.trouble import send_too_long_a_head

pytestmark = pytest.mark.prometheus

US, EU = "us-iowa", "europe-belgium"

Told = tuple[str, ...]


async def test_a_log_set_back_alarms_for_its_own_region_and_its_readers_and_for_processes_that_are_not_ready(
    prometheus: Path, tmp_path: Path
) -> None:
    async with local_regions(regions=(US, EU), round_trips=0) as demo, calling_all(demo) as callers:
        older = await written_past_a_copy(demo, demo.region(US), callers[US])
        await add_service_without_nats(demo.region(EU))
        async with prometheus_of(demo, program=prometheus, directory=tmp_path) as watching:
            watching.let_no_alert_wait()

            async def one_is_not_ready() -> bool:
                return (EU, "crosshook-service", "nats") in await firing(
                    watching, "CrosshookProcessNotReady", "region", "job", "reason"
                )

            await until(one_is_not_ready, seconds=30)
            assert not await firing(watching, "CrosshookOriginHalted", "region")
            assert not await firing(watching, "CrosshookOwnLogHalted", "region")

            await restore(demo.region(US), older)

            async def all_is_told() -> bool:
                elsewhere = await firing(watching, "CrosshookOriginHalted", "region", "step", "origin", "reason")
                here = await firing(watching, "CrosshookOwnLogHalted", "region", "reason")
                # By the other region's copy, and by what that region announces.
                return elsewhere == {(EU, "ship", US, "went_back")} and here == {(US, "went_back")}

            await until(all_is_told, seconds=60)
            ready = await watching.query('max by (region) (crosshook_ready{job="crosshook-service"})')
            assert {(sample.metric["region"], sample.number) for sample in ready} == {(US, 0), (EU, 1)}
            because = await watching.query(f'crosshook_not_ready{{job="crosshook-service", region="{US}"}} == 1')
            assert "halted" in {sample.metric["reason"] for sample in because}

            await send_too_long_a_head(demo.region(EU))
            for query in (*OF_TROUBLE.values(), READINGS[HALTED]):
                await until(partial(watching.has_data, query), seconds=30)


def test_what_the_dashboard_shows_of_trouble_alone_is_known() -> None:
    assert set(OF_TROUBLE) == {
        "Alerts 1",
        "Which origin is halted where, and why 1",
        "HTTP connections closed, by limit 1",
        "Not ready, and why 1",
        "Which step waits where, and why 1",
    }


async def test_a_nats_that_hangs_is_told_as_one_that_its_own_region_does_not_reach(
    prometheus: Path, tmp_path: Path
) -> None:
    async with (
        local_regions(regions=(US,), round_trips=0) as demo,
        prometheus_of(demo, program=prometheus, directory=tmp_path) as watching,
    ):
        watching.let_no_alert_wait()

        async def unreachable() -> set[Told]:
            return await firing(watching, "CrosshookRegionUnreachable", "region", "job", "to")

        async def is_told() -> bool:
            return await unreachable() == {(US, "crosshook-service", US), (US, "crosshook-replicator", US)}

        async def is_over() -> bool:
            return not await unreachable()

        assert await is_over()
        demo.region(US).nats.pause()
        await until(is_told, seconds=30)
        demo.region(US).nats.resume()
        await until(is_over, seconds=30)


async def firing(watching: Prometheus, name: str, *labels: str) -> set[Told]:
    """These labels of the alerts of that name that fire."""
    return {
        tuple(alert.labels[label] for label in labels)
        for alert in await watching.alerts()
        if alert.labels["alertname"] == name and alert.state == "firing"
    }


async def add_service_without_nats(region: LocalRegion) -> None:
    """Start a service that looks for the region's NATS on a port where no server listens."""
    topology = region.directory / "without-nats.toml"
    text = region.topology.read_text()
    assert nats_url(region.nats_ports[0]) in text
    topology.write_text(text.replace(nats_url(region.nats_ports[0]), nats_url(1)))
    await region.add_service({"CROSSHOOK_TOPOLOGY": str(topology)})
