"""`/livez`, `/readyz` and `/metrics`, the same in both processes."""

from collections.abc import Callable
from enum import StrEnum

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, disable_created_metrics, generate_latest

disable_created_metrics()  # type: ignore[no-untyped-call]  # When each was first counted is no metric of ours.


class Condition(StrEnum):
    """How a process is. Degraded: it serves, but an origin is halted. Waiting and draining are not ready."""

    READY = "ready"
    DEGRADED = "degraded"
    WAITING = "waiting"
    DRAINING = "draining"


class Health(msgspec.Struct, frozen=True):
    """What `/readyz` answers: what the process waits for, and why each halted origin is halted."""

    region: str
    waiting_for: list[str]
    halted: dict[str, str]
    is_draining: bool = False

    @property
    def condition(self) -> Condition:
        """The one word for it."""
        if self.is_draining:
            return Condition.DRAINING
        if self.waiting_for:
            return Condition.WAITING
        return Condition.DEGRADED if self.halted else Condition.READY


class HealthAnswer(msgspec.Struct, frozen=True):
    """The body of `/readyz`."""

    status: Condition
    region: str
    waiting_for: list[str]
    halted: dict[str, str]


def health_routes(look: Callable[[], Health]) -> list[HTTPRouteHandler]:
    """The three routes. `look` is asked at every `/readyz`."""

    @get("/livez", sync_to_thread=False)
    def livez() -> dict[str, str]:
        """Whether the process answers at all."""
        return {"status": "alive"}

    @get("/readyz", sync_to_thread=False)
    def readyz() -> Response[HealthAnswer]:
        """Whether the process can do its work now, and if not, what it waits for."""
        health = look()
        is_ready = health.condition in (Condition.READY, Condition.DEGRADED)
        return Response(
            HealthAnswer(
                status=health.condition, region=health.region, waiting_for=health.waiting_for, halted=health.halted
            ),
            status_code=HTTP_200_OK if is_ready else HTTP_503_SERVICE_UNAVAILABLE,
        )

    @get("/metrics", sync_to_thread=False)
    def metrics() -> Response[bytes]:
        """Prometheus metrics, in the text format."""
        return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [livez, readyz, metrics]
