"""`/dashboard`: a live page that shows how far each region is behind each origin."""

from typing import cast

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from service.dashboard.assets import SITE
from service.dashboard.listeners import Listeners
from service.http.static_files import site_routes


def dashboard_routes(listeners: Listeners) -> list[HTTPRouteHandler]:
    """The three routes. The files are read once."""
    stream = cast("ASGIApp", listeners)

    @get(f"{SITE.path}/events", sync_to_thread=False)
    def listen() -> ASGIApp:
        """Send what the page shows, once a second."""
        return stream

    return [listen, *site_routes(SITE)]
