"""The health of a process: what it waits for, and which origins are halted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import partial

import msgspec
from prometheus_client import Gauge, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # The times of first counts are not our metrics.

READY = Gauge("crosshook_ready", "1 while the process can do its work, as /readyz says")
OUTDATED = Gauge("crosshook_server_outdated", "1 while the region's server of a kind lacks security fixes", ["server"])
NOT_READY = Gauge("crosshook_not_ready", "1 while the process cannot do its work for a reason", ["reason"])


class Condition(StrEnum):
    """The state of a process. The last two are not ready.

    Degraded: it serves, but an origin is halted or waits, or a server that it uses lacks security fixes.
    """

    READY = "ready"
    DEGRADED = "degraded"
    WAITING = "waiting"
    DRAINING = "draining"


class NotReady(StrEnum):
    """The reason why a process cannot do its work, in one word."""

    NATS = "nats"
    """The process has no connection to its region's NATS."""

    LOG = "log"
    """Its region's log cannot be read, accepts no events, or does not exist yet."""

    HALTED = "halted"
    """Its region's log is not the one that it or another process has read before: an operator must look."""

    REDIS = "redis"
    """Its region's Redis does not answer, or is of a kind that crosshook cannot use."""

    UNWRITABLE = "unwritable"
    """Its region's Redis answers but refuses writes. A current projection is still read."""

    PROJECTION = "projection"
    """It is not current, does not advance, or cannot be read, or no replicator reports that it is current."""


class Health(msgspec.Struct, frozen=True):
    """The state of a process: each reason why it is not ready, in words, and why each halted origin is halted.

    `waits` names, in words, what a ready process cannot do at the moment. `outdated` says for each kind of server that
    lacks security fixes why it should be replaced.
    """

    region: str
    not_ready: Mapping[NotReady, str]
    halted: dict[str, str]
    is_draining: bool = False
    waits: Sequence[str] = ()
    outdated: Mapping[str, str] = {}

    @property
    def waiting_for(self) -> list[str]:
        """Everything that the process waits for, in words. The reasons why it is not ready come first."""
        return [*self.not_ready.values(), *self.waits]

    @property
    def is_ready(self) -> bool:
        """Whether the process can do its work now."""
        return self.condition in (Condition.READY, Condition.DEGRADED)

    @property
    def condition(self) -> Condition:
        """The state in one word."""
        if self.is_draining:
            return Condition.DRAINING
        if self.not_ready:
            return Condition.WAITING
        return Condition.DEGRADED if self.halted or self.waits or self.outdated else Condition.READY


def expose_health(look: Callable[[], Health], *, servers: Iterable[str]) -> None:
    """Bind the gauges of readiness, and of these kinds of `servers`, to the live state that `/readyz` returns."""
    READY.set_function(lambda: look().is_ready)
    for reason in NotReady:
        NOT_READY.labels(reason).set_function(partial(_is_reason, look, reason))
    for server in servers:
        OUTDATED.labels(server).set_function(partial(_is_outdated, look, server))


def _is_reason(look: Callable[[], Health], reason: NotReady) -> bool:
    return reason in look().not_ready


def _is_outdated(look: Callable[[], Health], server: str) -> bool:
    return server in look().outdated
