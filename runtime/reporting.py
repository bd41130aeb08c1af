"""Say each change of a connection, and of why there is none, once, in the log and as a metric; and each halt so."""

from collections.abc import Callable

import structlog
from prometheus_client import Gauge

log = structlog.get_logger()

CONNECTED = Gauge("crosshook_connected", "1 while there is a connection to a region's NATS", ["to"])
HALTED = Gauge("crosshook_halted", "1 while an origin is halted in this region", ["step", "origin", "reason"])


def report_connection(region: str) -> Callable[[str | None], None]:
    """What a connection to `region` calls with None where there is a session now, else with why there is none."""
    told: str | None = "not told yet"
    connected = CONNECTED.labels(region)

    def report(why_not: str | None) -> None:
        nonlocal told
        connected.set(why_not is None)
        if told == why_not:
            return
        told = why_not
        if why_not is None:
            log.info("connected", to=f"NATS of {region}")
        else:
            log.warning("not connected", to=f"NATS of {region}", why=why_not)

    return report


def report_halt(step: str, origin: str, *, reason: str, why: str, before: str) -> None:
    """Say that `step` is halted for `origin`. `before` is the reason that was said last, "" if it went on."""
    log.error("halted", step=step, origin=origin, reason=reason, why=why)
    if before:
        HALTED.labels(step, origin, before).set(0)
    HALTED.labels(step, origin, reason).set(1)


def report_resumed(step: str, origin: str, *, before: str) -> None:
    """Say that `step` goes on for `origin`, which was halted for the reason `before`."""
    log.info("resumed", step=step, origin=origin)
    HALTED.labels(step, origin, before).set(0)
