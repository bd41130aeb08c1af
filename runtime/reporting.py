"""Say each change of a connection once, in the log and as a metric."""

from collections.abc import Callable

import structlog
from prometheus_client import Gauge

log = structlog.get_logger()

CONNECTED = Gauge("crosshook_connected", "1 while there is a connection to a region's NATS", ["region"])


def report_connection(region: str) -> Callable[[bool, str], None]:
    """What a connection to `region` calls with whether there is a session, and why not."""
    told: bool | None = None

    def report(is_connected: bool, why: str) -> None:  # noqa: FBT001 - the connection's callback
        nonlocal told
        CONNECTED.labels(region).set(is_connected)
        if told is is_connected:
            return
        told = is_connected
        if is_connected:
            log.info("connected", to=f"NATS of {region}")
        else:
            log.warning("not connected", to=f"NATS of {region}", why=why)

    return report
