"""Logs each change of a connection and of a process's readiness. A metric has the state of each connection."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from prometheus_client import Gauge

from runtime.health import Health
from runtime.reminders import Reminders

log = structlog.get_logger()

CONNECTED = Gauge("crosshook_connected", "1 while there is a connection to a region's NATS", ["to"])

LOOK_SECONDS = 1.0


def report_connection(region: str, reminders: Reminders | None = None) -> Callable[[str | None], None]:
    """A callback for the connection to `region`. Its argument is None for a new session, else why there is none."""
    reminders = reminders or Reminders()
    is_reported = False
    connected = CONNECTED.labels(region)

    def report(why_not: str | None) -> None:
        nonlocal is_reported
        connected.set(why_not is None)
        if why_not is not None:
            if reminders.is_due(region, why_not):
                log.warning("not connected", to=f"NATS of {region}", why=why_not)
        elif reminders.is_end_due(region) or not is_reported:
            log.info("connected", to=f"NATS of {region}")
        is_reported = True

    return report


def report_subscription(reminders: Reminders | None = None) -> Callable[[str | None], None]:
    """A callback for the subscription to what this region's Redis publishes. Its argument is as for a connection."""
    reminders = reminders or Reminders()

    def report(why_not: str | None) -> None:
        if why_not is None:
            if reminders.is_end_due("subscription"):
                log.info("watermarks heard from Redis again")
        elif reminders.is_due("subscription", why_not):
            log.warning("watermarks not heard from Redis", why=why_not)

    return report


async def report_health(look: Callable[[], Health]) -> None:
    """Check every second whether the process is ready, and log what it waits for, until cancelled.

    A server that lacks security fixes is one line: an operator acts on it once, and reminders would hide other lines.
    """
    reminders = Reminders()
    outdated: Mapping[str, str] = {}
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        health = look()
        for server, why in health.outdated.items():
            if outdated.get(server) != why:
                log.warning("server outdated", server=server, why=why)
        outdated = health.outdated
        if health.not_ready:
            if reminders.is_due("ready", "; ".join(health.not_ready.values())):
                log.warning("not ready", waiting_for=health.waiting_for)
        elif reminders.is_end_due("ready"):
            log.info("ready")
