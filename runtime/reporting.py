"""Say each change of a connection once, in the log and as a metric."""

from collections.abc import Callable

import structlog
from prometheus_client import Gauge

log = structlog.get_logger()

CONNECTED = Gauge("crosshook_connected", "1 while there is a connection to a region's NATS", ["region"])


def report_connection(region: str) -> Callable[[str | None], None]:
    """What a connection to `region` calls with None where there is a session now, else with why there is none."""
    told: bool | None = None

    def report(why_not: str | None) -> None:
        nonlocal told
        is_connected = why_not is None
        CONNECTED.labels(region).set(is_connected)
        if told is is_connected:
            return
        told = is_connected
        if is_connected:
            log.info("connected", to=f"NATS of {region}")
        else:
            log.warning("not connected", to=f"NATS of {region}", why=why_not)

    return report
