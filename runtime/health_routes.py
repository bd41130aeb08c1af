"""`/livez`, `/readyz` and `/metrics`, the same in every process."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from litestar import Litestar, Response, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE
from prometheus_client import CONTENT_TYPE_LATEST

from runtime.health import Condition, Health
from runtime.metrics_text import METRICS
from runtime.protocol import LIVEZ


class HealthResponse(msgspec.Struct, frozen=True):
    """The body of `/readyz`."""

    status: Condition
    region: Annotated[str, msgspec.Meta(description="The region that the process belongs to.")]
    waiting_for: Annotated[list[str], msgspec.Meta(description="What the process still waits for.")]
    halted: Annotated[
        dict[str, str], msgspec.Meta(description="The origins whose events the process no longer applies, and why.")
    ]
    outdated: Annotated[
        dict[str, str],
        msgspec.Meta(description="The region's kinds of servers that lack security fixes, and what to run."),
    ]


@get(LIVEZ, summary="Is it alive?", description="Whether the process responds at all.", sync_to_thread=False)
def livez() -> dict[str, str]:
    """Respond: a process that does is alive."""
    return {"status": "alive"}


@get(
    "/readyz",
    summary="Is it ready?",
    description="Whether the process can do its work now. If not, what it waits for.",
    sync_to_thread=False,
)
def readyz(health: NamedDependency[Health]) -> Response[HealthResponse]:
    """Report the health of the process."""
    return Response(
        HealthResponse(
            status=health.condition,
            region=health.region,
            waiting_for=health.waiting_for,
            halted=health.halted,
            outdated=dict(health.outdated),
        ),
        status_code=HTTP_200_OK if health.is_ready else HTTP_503_SERVICE_UNAVAILABLE,
    )


@get(
    "/metrics",
    summary="Read metrics",
    description=(
        "The process's metrics, in the text format of Prometheus. Responses of the same second have the same text."
    ),
    sync_to_thread=False,
)
def metrics() -> Response[bytes]:
    """Read every metric of the process."""
    return Response(METRICS.read(), headers={"Content-Type": CONTENT_TYPE_LATEST})


HEALTH_ROUTES: tuple[HTTPRouteHandler, ...] = (livez, readyz, metrics)
"""They depend on `health`, the health of the process at the time of the request."""


def health_app(look: Callable[[], Health]) -> Litestar:
    """An application with these routes only. Each `/readyz` calls `look`."""
    return Litestar(
        HEALTH_ROUTES,
        dependencies={"health": Provide(look, sync_to_thread=False)},
        openapi_config=None,
        logging_config=None,
    )
