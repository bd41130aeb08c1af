"""Loads all sides in turn, over and over, so that other work on the machine slows all of them alike."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bench.api import Service, trigger_creations
from bench.closed_loop import closed_loop
from bench.processor import processor_seconds
from bench.regions import Regions
from core.consistency import Level

COUNT_MAX = 1_000_000
SETTLED_SECONDS_MAX = 30.0


class Round(NamedTuple):
    """One side under load: its writes a second, and the processor time of one write.

    The processor time is that of all processes of its regions, and that of the services alone.
    """

    per_second: float
    microseconds: float
    service_microseconds: float


class Loaded:
    """Regions under load: callers create triggers in the first region and wait for it alone."""

    def __init__(self, regions: Regions, *, connections: int) -> None:
        self._pids, self._service_pids = regions.pids(), regions.service_pids()
        self._connections = connections
        with Service(regions.url(regions.names[0]), api_key=regions.api_key) as service:
            webhook_id, self._address = service.register(Level.ALL_REGIONS), service.address
        self._writes = trigger_creations(webhook_id, Level.LOCAL_REGION, api_key=regions.api_key)
        self._last = trigger_creations(webhook_id, Level.ALL_REGIONS, api_key=regions.api_key)

    def round(self, seconds: float) -> Round:
        """Load them for `seconds`, then wait until every region has applied everything: that work counts too."""
        total, services = processor_seconds(self._pids), processor_seconds(self._service_pids)
        loaded = closed_loop(
            self._address, self._writes, connections=self._connections, count_max=COUNT_MAX, seconds_max=seconds
        )
        closed_loop(self._address, self._last, connections=1, count_max=1, seconds_max=SETTLED_SECONDS_MAX)
        writes = len(loaded.each_seconds) + 1
        return Round(
            per_second=loaded.per_second(),
            microseconds=(processor_seconds(self._pids) - total) / writes * 1e6,
            service_microseconds=(processor_seconds(self._service_pids) - services) / writes * 1e6,
        )


def alternately(
    sides: Mapping[str, Loaded], *, rounds: int, seconds: float, report: Callable[[int], None]
) -> Mapping[str, Sequence[Round]]:
    """The rounds of each side. Every second round runs backwards. `report` receives the number of finished rounds."""
    measured: dict[str, list[Round]] = {name: [] for name in sides}
    forwards = list(sides)
    for number in range(rounds):
        for name in forwards if number % 2 == 0 else reversed(forwards):
            measured[name].append(sides[name].round(seconds))
        report(number + 1)
    return measured
