"""The operations of the process itself: its health, its metrics, its pages and this document."""

from litestar.handlers import HTTPRouteHandler

from runtime.health_routes import livez, metrics, readyz
from service.dashboard.assets import SITE as DASHBOARD
from service.dashboard.routes import NO_SAMPLE, listen, read_dashboard, read_dashboard_file, read_lag
from service.http.static_files import Site
from service.openapi import examples
from service.openapi.assets import SITE
from service.openapi.json_schema import Json, reference
from service.openapi.kinds import Operation, open_to_all
from service.openapi.responses import json_response, redirect, refused, text
from service.openapi.routes import read_document, read_file, read_page
from service.routes.first_page import SHORT_WAYS, read_first_page, redirect_from_docs, redirect_from_openapi_json

TAG = "The process"
_FULL = {503: reference("unavailable", "responses")}
"""The response of a route that a full process does not answer."""

_PAGE = text("The page.", "text/html", "<!DOCTYPE html>")


def _short_way(handler: HTTPRouteHandler) -> Operation:
    (path,) = handler.paths
    location = SHORT_WAYS[path]
    return open_to_all(handler, tag=TAG, responses={308: redirect(f"It is at `/{location}`.", location), **_FULL})


def _file_of(site: Site) -> Json:
    types = [asset.content_type.split(";", maxsplit=1)[0] for asset in site.files.values()]
    return {"description": "The file.", "content": {content_type: {} for content_type in types}}


PROCESS: tuple[Operation, ...] = (
    open_to_all(livez, tag=TAG, responses={200: json_response("It does.", "Alive", {"alive": {"status": "alive"}})}),
    open_to_all(
        readyz,
        tag=TAG,
        responses={
            200: json_response(
                "It is `ready`. Or it is `degraded`: it does its work, but an origin is halted.",
                "Health",
                {"ready": examples.READY, "degraded": examples.DEGRADED},
            ),
            503: json_response("It is `waiting` or `draining`.", "Health", {"waiting": examples.WAITING}),
        },
    ),
    open_to_all(metrics, tag=TAG, responses={200: text("The metrics.", "text/plain", examples.METRICS)}),
    open_to_all(read_first_page, tag=TAG, responses={200: _PAGE, **_FULL}),
    _short_way(redirect_from_docs),
    _short_way(redirect_from_openapi_json),
    open_to_all(read_page, tag=TAG, responses={200: _PAGE, **_FULL}),
    open_to_all(
        read_document,
        tag=TAG,
        responses={200: json_response("The document.", "Document", {"its beginning": {"openapi": "3.1.0"}}), **_FULL},
    ),
    open_to_all(
        read_file,
        tag=TAG,
        responses={
            200: _file_of(SITE),
            404: refused(404, "There is no such file.", "no such route: /schema/nothing"),
            **_FULL,
        },
    ),
    open_to_all(read_dashboard, tag=TAG, responses={200: _PAGE}),
    open_to_all(
        listen,
        tag=TAG,
        responses={
            200: text("The events.", "text/event-stream", examples.DASHBOARD_EVENT),
            429: refused(
                429,
                "The caller's address has reached its limit of listeners.",
                "at most 20 pages of one address may be open at once; try again",
                headers=("Retry-After",),
            ),
            503: refused(
                503,
                "The stream has reached its limit of listeners.",
                "at most 100 pages may be open at once; try again",
                headers=("Retry-After",),
            ),
        },
    ),
    open_to_all(
        read_lag,
        tag=TAG,
        responses={
            200: json_response("What the page shows now.", "Lag", {"its beginning": examples.LAG}),
            503: refused(503, "The process has no sample of the last 3 seconds.", NO_SAMPLE, headers=("Retry-After",)),
        },
    ),
    open_to_all(
        read_dashboard_file,
        tag=TAG,
        responses={
            200: _file_of(DASHBOARD),
            404: refused(404, "There is no such file.", "no such route: /dashboard/nothing"),
        },
    ),
)
