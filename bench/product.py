"""The product as one side: the service of the first of its regions."""

from functools import partial
from time import monotonic, sleep

from bench.api import Service, trigger_creations
from bench.closed_loop import closed_loop
from bench.errors import Unmeasured
from bench.processor import processor_seconds
from bench.regions import Regions
from bench.side import PRODUCT, Side
from core.consistency import Level

SETTLED_SECONDS_MAX = 30.0
PAUSE_SECONDS = 0.1


def product_side(regions: Regions, level: Level, *, name: str = PRODUCT) -> Side:
    """Creates triggers of a new webhook. It is settled once every region has applied an event after all others."""
    with Service(regions.url(regions.names[0]), api_key=regions.api_key) as service:
        webhook_id, address = service.register(Level.ALL_REGIONS), service.address
        _until_frames(service)
    last = trigger_creations(webhook_id, Level.ALL_REGIONS, api_key=regions.api_key)

    def settle() -> None:
        closed_loop(address, last, connections=1, count_max=1, seconds_max=SETTLED_SECONDS_MAX)

    return Side(
        name=name,
        address=address,
        requests=trigger_creations(webhook_id, level, api_key=regions.api_key),
        settle=settle,
        processor_seconds={kind: partial(processor_seconds, pids) for kind, pids in regions.pids_by_kind().items()},
    )


def _until_frames(service: Service) -> None:
    """Return once the service writes frames, as it does soon after its start. Builds before frames have no such gauge.

    The gauge changes with a batch. Raises `Unmeasured` if it does not within `SETTLED_SECONDS_MAX`.
    """
    deadline = monotonic() + SETTLED_SECONDS_MAX
    while service.gauge("crosshook_writes_frames", default=1.0) != 1.0:
        if monotonic() >= deadline:
            raise Unmeasured("the service writes no frames: its log says why")
        sleep(PAUSE_SECONDS)
        service.register(Level.LOCAL_REGION)
