"""`/dashboard`: a live page that shows how far each region is behind each origin. `crosshook lag` reads the same."""

from collections.abc import Callable
from typing import Any, cast

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from service.dashboard.assets import SITE
from service.dashboard.listeners import Listeners
from service.http.envelope import failure
from service.http.static_files import site_routes

NO_SAMPLE = "this process has no recent sample of the lag; try again"


def dashboard_routes(listeners: Listeners, lag: Callable[[], bytes | None]) -> list[HTTPRouteHandler]:
    """The four routes. The files are read once. `lag` returns the JSON of the present, or None while there is none."""
    stream = cast("ASGIApp", listeners)

    @get(f"{SITE.path}/events", sync_to_thread=False)
    def listen() -> ASGIApp:
        """Send what the page shows, once a second."""
        return stream

    @get(f"{SITE.path}/lag", sync_to_thread=False)
    def read_lag() -> Response[Any]:
        """What the page shows now, as JSON."""
        return _lag_or_refusal(lag())

    return [listen, read_lag, *site_routes(SITE)]


def _lag_or_refusal(shown: bytes | None) -> Response[Any]:
    if shown is None:
        return failure(503, NO_SAMPLE, headers={"Retry-After": "1"})
    return Response(shown, media_type=MediaType.JSON)
