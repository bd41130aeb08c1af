"""`/dashboard`: a live page that shows how far each region is behind each origin. `crosshook lag` reads the same."""

from typing import Any, cast

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from service.dashboard.assets import SITE
from service.dashboard.board import Board
from service.http.envelope import failure
from service.http.headers import AnyRequest
from service.http.parameter import takes
from service.http.static_files import file_name

NO_SAMPLE = "this process has no recent sample of the lag; try again"
FILE_NAME = file_name(SITE, key="dashboard_file")


@get(
    "/dashboard",
    summary="See replication in a browser",
    description=(
        "A live page that shows how far each region is behind each origin, as far as this region knows. It loads "
        "nothing from any other host, changes nothing, and shows no organization's data."
    ),
    sync_to_thread=False,
)
def read_dashboard(request: AnyRequest) -> Response[bytes]:
    """Send the live page."""
    return SITE.send_page(request)


@get(
    "/dashboard/events",
    summary="Stream what the dashboard shows",
    description=(
        "Server-sent events, for the page alone: they change with it. The first is `past`, the last quarter of an "
        "hour. Then `present` follows once a second. The stream ends when the process stops."
    ),
    sync_to_thread=False,
)
def listen(board: NamedDependency[Board]) -> ASGIApp:
    """Send the content of the page, once a second."""
    return cast("ASGIApp", board.listeners)


@get(
    "/dashboard/lag",
    summary="Read what the page shows",
    description=(
        "One `present` of the page's events, as JSON: for `crosshook lag`. It changes with the page. It has no "
        "organization's data."
    ),
    sync_to_thread=False,
)
def read_lag(board: NamedDependency[Board]) -> Response[Any]:
    """Send what the page shows now, as JSON."""
    shown = board.lag()
    if shown is None:
        return failure(503, NO_SAMPLE, headers={"Retry-After": "1"})
    return Response(shown, media_type=MediaType.JSON)


@get(
    "/dashboard/{file:str}",
    summary="Read a file of the dashboard",
    description="A file that the page at `/dashboard` loads.",
    opt=takes(FILE_NAME),
    sync_to_thread=False,
)
def read_dashboard_file(file: FromPath[str]) -> Response[bytes]:
    """Send a file that the page loads."""
    return SITE.send_file(file)


DASHBOARD_ROUTES: tuple[HTTPRouteHandler, ...] = (read_dashboard, listen, read_lag, read_dashboard_file)
"""They depend on `board`, the source of what the page shows."""
