"""The operations of the process itself: its health, its metrics, its pages and this document."""

from service.dashboard.assets import ASSETS as DASHBOARD_ASSETS
from service.dashboard.routes import NO_SAMPLE
from service.openapi import examples
from service.openapi.assets import ASSETS
from service.openapi.json_schema import reference
from service.openapi.kinds import Operation, Own, open_to_all
from service.openapi.responses import answer, redirect, refused, text
from service.routes.first_page import FIRST_PAGE, SHORT_WAYS

TAG = "The process"


def _short_way(path: str, location: str) -> Operation:
    return open_to_all(
        "get",
        path,
        Own(
            tag=TAG,
            name=f"redirect_from_{path.strip('/').replace('.', '_')}",
            summary=f"Find `/{location}`",
            description=f"A redirect to `/{location}`: people look here first.",
            responses={
                308: redirect(f"It is at `/{location}`.", location),
                503: reference("unavailable", "responses"),
            },
        ),
    )


PROCESS: tuple[Operation, ...] = (
    open_to_all(
        "get",
        "/livez",
        Own(
            tag=TAG,
            name="livez",
            summary="Is it alive?",
            description="Whether the process responds at all.",
            responses={200: answer("It does.", "Alive", {"alive": {"status": "alive"}})},
        ),
    ),
    open_to_all(
        "get",
        "/readyz",
        Own(
            tag=TAG,
            name="readyz",
            summary="Is it ready?",
            description="Whether the process can do its work now. If not, what it waits for.",
            responses={
                200: answer(
                    "It is `ready`. Or it is `degraded`: it does its work, but an origin is halted.",
                    "Health",
                    {"ready": examples.READY, "degraded": examples.DEGRADED},
                ),
                503: answer("It is `waiting` or `draining`.", "Health", {"waiting": examples.WAITING}),
            },
        ),
    ),
    open_to_all(
        "get",
        "/metrics",
        Own(
            tag=TAG,
            name="metrics",
            summary="Read metrics",
            description="The process's metrics, in the text format of Prometheus.",
            responses={200: text("The metrics.", "text/plain", examples.METRICS)},
        ),
    ),
    open_to_all(
        "get",
        FIRST_PAGE,
        Own(
            tag=TAG,
            name="read_first_page",
            summary="Read the first page in a browser",
            description="A page that links to the dashboard and to the API. It loads nothing from any other host.",
            responses={
                200: text("The page.", "text/html", "<!DOCTYPE html>"),
                503: reference("unavailable", "responses"),
            },
        ),
    ),
    *(_short_way(path, location) for path, location in SHORT_WAYS.items()),
    open_to_all(
        "get",
        "/schema",
        Own(
            tag=TAG,
            name="read_page",
            summary="Read this document in a browser",
            description=(
                "A page that shows this document and tries its operations. It loads nothing from any other host."
            ),
            responses={
                200: text("The page.", "text/html", "<!DOCTYPE html>"),
                503: reference("unavailable", "responses"),
            },
        ),
    ),
    open_to_all(
        "get",
        "/schema/openapi.json",
        Own(
            tag=TAG,
            name="read_document",
            summary="Read this document",
            description="This OpenAPI document.",
            responses={
                200: answer("The document.", "Document", {"its beginning": {"openapi": "3.1.0"}}),
                503: reference("unavailable", "responses"),
            },
        ),
    ),
    open_to_all(
        "get",
        "/schema/{file}",
        Own(
            tag=TAG,
            name="read_file",
            summary="Read a file of the page",
            description="A file that the page at `/schema` loads.",
            parameters=("file",),
            responses={
                200: {
                    "description": "The file.",
                    "content": {content_type.split(";", maxsplit=1)[0]: {} for _, content_type in ASSETS.values()},
                },
                404: refused(404, "There is no such file.", "no such route: /schema/nothing"),
                503: reference("unavailable", "responses"),
            },
        ),
    ),
    open_to_all(
        "get",
        "/dashboard",
        Own(
            tag=TAG,
            name="read_dashboard",
            summary="See replication in a browser",
            description=(
                "A live page that shows how far each region is behind each origin, as far as this region knows. It "
                "loads nothing from any other host, changes nothing, and shows no organization's data."
            ),
            responses={200: text("The page.", "text/html", "<!DOCTYPE html>")},
        ),
    ),
    open_to_all(
        "get",
        "/dashboard/events",
        Own(
            tag=TAG,
            name="listen",
            summary="Stream what the dashboard shows",
            description=(
                "Server-sent events, for the page alone: they change with it. The first is `past`, the last quarter of "
                "an hour. Then `present` follows once a second. The stream ends when the process stops."
            ),
            responses={
                200: text("The events.", "text/event-stream", examples.DASHBOARD_EVENT),
                503: refused(
                    503,
                    "The stream has reached its limit of listeners.",
                    "at most 100 pages may be open at once; try again",
                    headers=("Retry-After",),
                ),
            },
        ),
    ),
    open_to_all(
        "get",
        "/dashboard/lag",
        Own(
            tag=TAG,
            name="read_lag",
            summary="Read what the page shows",
            description=(
                "One `present` of the page's events, as JSON: for `crosshook lag`. It changes with the page. It has no "
                "organization's data."
            ),
            responses={
                200: answer("What the page shows now.", "Lag", {"its beginning": examples.LAG}),
                503: refused(
                    503,
                    "The process has no sample of the last 3 seconds.",
                    NO_SAMPLE,
                    headers=("Retry-After",),
                ),
            },
        ),
    ),
    open_to_all(
        "get",
        "/dashboard/{file}",
        Own(
            tag=TAG,
            name="read_dashboard_file",
            summary="Read a file of the dashboard",
            description="A file that the page at `/dashboard` loads.",
            parameters=("dashboard_file",),
            responses={
                200: {
                    "description": "The file.",
                    "content": {
                        content_type.split(";", maxsplit=1)[0]: {} for _, content_type in DASHBOARD_ASSETS.values()
                    },
                },
                404: refused(404, "There is no such file.", "no such route: /dashboard/nothing"),
            },
        ),
    ),
)
