"""`/dashboard`: how far each region is behind each origin, live, to look at in a browser."""

from typing import cast

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from service.dashboard.assets import CONTENT_SECURITY_POLICY, assets, page
from service.dashboard.listeners import Listeners
from service.http.headers import AnyRequest
from service.http.static_files import FILE, sent, sent_page

_PAGE = {**FILE, "Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"}


def dashboard_routes(listeners: Listeners) -> list[HTTPRouteHandler]:
    """The three routes. The files are read once."""
    shown, loaded, stream = page(), assets(), cast("ASGIApp", listeners)

    @get("/dashboard", sync_to_thread=False)
    def read_dashboard(request: AnyRequest) -> Response[bytes]:
        """The page."""
        return sent_page(request, shown, _PAGE)

    @get("/dashboard/events", sync_to_thread=False)
    def listen() -> ASGIApp:
        """What it shows, once a second."""
        return stream

    @get("/dashboard/{file:str}", sync_to_thread=False)
    def read_dashboard_file(request: AnyRequest) -> Response[bytes]:
        """A file that it loads."""
        asset = loaded.get(request.path_params["file"])
        if asset is None:
            raise NotFoundException
        return sent(asset, FILE)

    return [read_dashboard, listen, read_dashboard_file]
