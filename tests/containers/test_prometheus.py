"""The Prometheus of docker-compose.yml scrapes every process, and alerts as docs/tour.md says."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.positions import Region
from tests.containers.commands import ROOT
from tests.containers.composed import REPLICATORS, SERVICES, Composed
from tests.http_client import http_client
from tests.keys import Keys

pytestmark = [pytest.mark.containers, pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("mended")]

IOWA, JAPAN = Region("us-iowa"), Region("asia-japan")
PATIENCE_SECONDS = 240.0
"""An alert must hold for up to 30 s, and rules run every 5 s.

Alerts that earlier tests cause may look at the last minute.
"""


async def asked(composed: Composed, what: str) -> dict[str, Any]:
    """The answer of Prometheus."""
    async with http_client(composed.prometheus_url) as client:
        answer = await client.get(f"/api/v1/{what}")
    found: dict[str, Any] = answer.raise_for_status().json()["data"]
    return found


async def firing(composed: Composed) -> set[str]:
    """The alerts that fire."""
    alerts = (await asked(composed, "alerts"))["alerts"]
    return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return once `holds`."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():
            await asyncio.sleep(1)


async def test_every_process_is_scraped(composed: Composed) -> None:
    async def all_are_up() -> bool:
        targets = (await asked(composed, "targets"))["activeTargets"]
        up = {target["labels"]["instance"] for target in targets if target["health"] == "up"}
        assert len(targets) == len(SERVICES) + len(REPLICATORS) == 12
        return up == {f"{process}:8080" for process in (*SERVICES, *REPLICATORS)}

    await until(all_are_up)


async def test_while_japan_is_cut_off_the_alerts_of_the_tour_fire_and_after_the_heal_none(
    composed: Composed, keys: Keys
) -> None:
    row = re.search(r"^\| `http://localhost:9090/alerts`.*$", (ROOT / "docs" / "tour.md").read_text(), re.MULTILINE)
    assert row is not None
    named = set(re.findall(r"`(Crosshook\w+)`", row[0]))
    assert len(named) == 3

    async def none_fires() -> bool:
        return not await firing(composed)

    async def all_fire() -> bool:
        return named <= await firing(composed)

    await until(none_fires)
    async with composed.callers(keys) as callers:
        assert (await composed.execute(f"{JAPAN}-link", "crosshook", "link", "cut")).code == 0
        assert (await callers[IOWA].register(level="local_region")).status == 201
        await until(all_fire)
        assert (await composed.execute(f"{JAPAN}-link", "crosshook", "link", "heal")).code == 0
        await until(none_fires)
