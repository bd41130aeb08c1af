"""The page's source: each sample goes to whoever looks, and costs nothing while nobody does."""

from collections.abc import Callable, Mapping
from time import monotonic

import msgspec

from core.positions import Region
from core.topology import Topology
from runtime.health import Health
from service.dashboard.listeners import Listeners, event
from service.dashboard.messages import past, present
from service.http.write_latency import WriteLatencies
from service.lag.sampling import LagSample, LagSampling

RETRY = b"retry: 1000\n\n"
"""How many milliseconds a browser waits before it asks again, where the stream has ended."""


class Board:
    """What there is to see in this process, and those who look."""

    def __init__(
        self,
        sampling: LagSampling,
        *,
        topology: Topology,
        health: Callable[[], Health],
        waiting_for: Mapping[Region, int],
        latencies: WriteLatencies,
        process: str,
        listeners_max: int,
    ) -> None:
        self.listeners = Listeners(self._begin, listeners_max=listeners_max)
        self._sampling = sampling
        self._topology = topology
        self._health = health
        self._waiting_for = waiting_for
        self._latencies = latencies
        self._process = process
        self._beginning: tuple[LagSample, bytes] | None = None
        sampling.on_sample = self._tell

    def _tell(self, sample: LagSample) -> None:
        if self.listeners:
            self.listeners.tell(self._present(sample))

    def _begin(self) -> bytes:
        """The past and the present. As many as come in one second are told the same."""
        sample = self._sampling.latest
        if sample is None:
            return RETRY
        if self._beginning is None or self._beginning[0] is not sample:
            told = msgspec.json.encode(past(self._sampling.history, self._sampling.regions))
            self._beginning = sample, RETRY + event("past", told) + self._present(sample)
        return self._beginning[1]

    def _present(self, sample: LagSample) -> bytes:
        shown = present(
            sample,
            topology=self._topology,
            health=self._health(),
            waiting_for=self._waiting_for,
            latencies=self._latencies.look(now_seconds=monotonic()),
            process=self._process,
        )
        return event("present", msgspec.json.encode(shown))
