"""A region whose servers lack security fixes works, and each of its processes says so until an operator vouches."""

import asyncio
import json

from deploy.local import local_regions
from deploy.local.processes.http_process import HttpProcess
from tests.http_client import http_client
from tests.servers_here import accepted_here, outdated_here


async def looked_at(process: HttpProcess) -> tuple[int, str, dict[str, str], set[str]]:
    """The status and the body of `/readyz`, and the kinds of servers for which the metric is 1."""
    async with http_client(process.url) as client:
        ready, metrics = await client.get("/readyz"), (await client.get("/metrics")).text
    samples = dict(
        line.rsplit(" ", 1) for line in metrics.splitlines() if line.startswith("crosshook_server_outdated{")
    )
    assert set(samples) == {f'crosshook_server_outdated{{server="{kind}"}}' for kind in ("nats", "redis", "valkey")}
    kinds = {name.split('"')[1] for name, value in samples.items() if float(value)}
    return ready.status_code, ready.json()["status"], ready.json()["outdated"], kinds


def logged(process: HttpProcess) -> list[tuple[str, str]]:
    """Kind of server and warning, in the lines of its log."""
    lines = [json.loads(line) for line in process.log.read_text().splitlines()]
    return [(line["server"], line["why"]) for line in lines if line["event"] == "server outdated"]


async def test_processes_are_degraded_and_serve_until_the_versions_are_vouched_for() -> None:
    told = outdated_here()
    vouched = {"CROSSHOOK_PATCHED_SERVERS": accepted_here()}
    async with local_regions(regions=1) as demo:
        region = demo.region("us-iowa")
        for process in (region.services[0], region.replicators[0]):
            assert await looked_at(process) == (200, "degraded" if told else "ready", told, set(told))
            async with asyncio.timeout(20):
                while dict(logged(process)) != told:
                    await asyncio.sleep(0.05)
        service, replicator = await region.add_service(vouched), await region.add_replicator(vouched)
        await demo.wait_ready()
        for process in (service, replicator):
            assert await looked_at(process) == (200, "ready", {}, set())
        for process in (region.services[0], region.replicators[0]):
            assert logged(process) == list(told.items()), "one line each, however long it lasts"
