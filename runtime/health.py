"""`/livez`, `/readyz` and `/metrics`, the same in both processes."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, disable_created_metrics, generate_latest

from runtime.protocol import LIVEZ

disable_created_metrics()  # type: ignore[no-untyped-call]  # When each was first counted is no metric of ours.

READY = Gauge("crosshook_ready", "1 while the process can do its work, as /readyz says")
NOT_READY = Gauge("crosshook_not_ready", "1 while the process cannot do its work for a reason", ["reason"])


class Condition(StrEnum):
    """How a process is. Degraded: it serves, but an origin is halted or waits. Waiting and draining are not ready."""

    READY = "ready"
    DEGRADED = "degraded"
    WAITING = "waiting"
    DRAINING = "draining"


class NotReady(StrEnum):
    """Why a process cannot do its work, in one word."""

    NATS = "nats"
    """There is no connection to its region's NATS."""

    LOG = "log"
    """Its region's log cannot be read, or takes no events, or is not there yet."""

    HALTED = "halted"
    """Its region's log is not the one that was read before, or that others have read: somebody has to look."""

    REDIS = "redis"
    """Its region's Redis does not answer, or is not of the kind that is needed."""

    UNWRITABLE = "unwritable"
    """Its region's Redis answers and takes no writes. What is current is still read."""

    PROJECTION = "projection"
    """It is not current, stands still, or cannot be looked at, or no replicator says that it is current."""


class Health(msgspec.Struct, frozen=True):
    """How a process is: what it waits for, by the reason why, and why each halted origin is halted.

    `waits` has, in words, what it cannot do for now although it is ready.
    """

    region: str
    not_ready: Mapping[NotReady, str]
    halted: dict[str, str]
    is_draining: bool = False
    waits: Sequence[str] = ()

    @property
    def waiting_for(self) -> list[str]:
        """What the process waits for, in words: first what keeps it from being ready."""
        return [*self.not_ready.values(), *self.waits]

    @property
    def is_ready(self) -> bool:
        """Whether the process can do its work now."""
        return self.condition in (Condition.READY, Condition.DEGRADED)

    @property
    def condition(self) -> Condition:
        """The one word for it."""
        if self.is_draining:
            return Condition.DRAINING
        if self.not_ready:
            return Condition.WAITING
        return Condition.DEGRADED if self.halted or self.waits else Condition.READY


class HealthAnswer(msgspec.Struct, frozen=True):
    """The body of `/readyz`."""

    status: Condition
    region: str
    waiting_for: list[str]
    halted: dict[str, str]


def health_routes(look: Callable[[], Health]) -> list[HTTPRouteHandler]:
    """The three routes. `look` is asked at every `/readyz`."""

    @get(LIVEZ, sync_to_thread=False)
    def livez() -> dict[str, str]:
        """Whether the process answers at all."""
        return {"status": "alive"}

    @get("/readyz", sync_to_thread=False)
    def readyz() -> Response[HealthAnswer]:
        """Whether the process can do its work now, and if not, what it waits for."""
        health = look()
        return Response(
            HealthAnswer(
                status=health.condition, region=health.region, waiting_for=health.waiting_for, halted=health.halted
            ),
            status_code=HTTP_200_OK if health.is_ready else HTTP_503_SERVICE_UNAVAILABLE,
        )

    @get("/metrics", sync_to_thread=False)
    def metrics() -> Response[bytes]:
        """Prometheus metrics, in the text format."""
        return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [livez, readyz, metrics]


def expose_health(look: Callable[[], Health]) -> None:
    """Have the gauges of readiness say what `/readyz` would, whenever they are asked."""
    READY.set_function(lambda: look().is_ready)
    for reason in NotReady:
        NOT_READY.labels(reason).set_function(partial(_is_reason, look, reason))


def _is_reason(look: Callable[[], Health], reason: NotReady) -> bool:
    return reason in look().not_ready
