"""The page's source. It encodes each sample once, and only while a client asks for it."""

from collections.abc import Callable, Mapping
from time import monotonic

import msgspec

from core.positions import Region
from core.topology import Topology
from runtime.health import Health
from service.dashboard.listeners import ListenerBounds, Listeners, event
from service.dashboard.presenting import past, present
from service.http.write_latency import WriteLatencies
from service.lag.sampling import LagSample, LagSampling

RETRY = b"retry: 1000\n\n"
"""The milliseconds that a browser waits after the end of the stream, before it asks again."""


class Board:
    """The content of this process's page, and its listeners."""

    def __init__(
        self,
        sampling: LagSampling,
        *,
        topology: Topology,
        health: Callable[[], Health],
        waiting_for: Mapping[Region, int],
        latencies: WriteLatencies,
        process: str,
        bounds: ListenerBounds,
    ) -> None:
        self.listeners = Listeners(self._begin, bounds)
        self._sampling = sampling
        self._topology = topology
        self._health = health
        self._waiting_for = waiting_for
        self._latencies = latencies
        self._process = process
        self._beginning: tuple[LagSample, bytes] | None = None
        self._encoded: tuple[LagSample, bytes] | None = None
        sampling.on_sample = self._tell

    def lag(self) -> bytes | None:
        """The present as JSON, as the page receives it. None without a sample of the last 3 seconds."""
        sample = self._sampling.latest
        return None if sample is None else self._present(sample)

    def _tell(self, sample: LagSample) -> None:
        if self.listeners:
            self.listeners.tell(event("present", self._present(sample)))

    def _begin(self) -> bytes:
        """The past and the present. All listeners that come within one second receive the same bytes."""
        sample = self._sampling.latest
        if sample is None:
            return RETRY
        if self._beginning is None or self._beginning[0] is not sample:
            remembered = msgspec.json.encode(past(self._sampling.history, self._sampling.regions))
            begun = RETRY + event("past", remembered) + event("present", self._present(sample))
            self._beginning = sample, begun
        return self._beginning[1]

    def _present(self, sample: LagSample) -> bytes:
        if self._encoded is None or self._encoded[0] is not sample:
            shown = present(
                sample,
                topology=self._topology,
                health=self._health(),
                waiting_for=self._waiting_for,
                latencies=self._latencies.look(now_seconds=monotonic()),
                process=self._process,
            )
            self._encoded = sample, msgspec.json.encode(shown)
        return self._encoded[1]
