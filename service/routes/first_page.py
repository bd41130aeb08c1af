"""`/`: a page that links to the others. `/docs` and `/openapi.json`, where people look first, redirect to `/schema`."""

from importlib.resources import files

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from service.http.headers import AnyRequest
from service.http.static_files import HTML, Asset, page_headers, redirected, sent

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads its icon and nothing else."""

FIRST_PAGE = "/"
DOCS, DOCUMENT = "/docs", "/openapi.json"
SHORT_WAYS = {DOCS: "schema", DOCUMENT: "schema/openapi.json"}
"""A path -> where it redirects, relative to the path."""

_PAGE = Asset(files("service.routes").joinpath("first_page.html").read_bytes(), HTML)
_HEADERS = page_headers(CONTENT_SECURITY_POLICY)


@get(
    FIRST_PAGE,
    summary="Read the first page in a browser",
    description="A page that links to the dashboard and to the API. It loads nothing from any other host.",
    sync_to_thread=False,
)
def read_first_page() -> Response[bytes]:
    """Send the page that links to the dashboard and to the API."""
    return sent(_PAGE, _HEADERS)


@get(
    DOCS,
    summary="Go to /schema",
    description="A redirect to `/schema`: people look here first.",
    sync_to_thread=False,
)
def redirect_from_docs(request: AnyRequest) -> Response[bytes]:
    """Redirect to the API's page."""
    return redirected(request, SHORT_WAYS[DOCS])


@get(
    DOCUMENT,
    summary="Go to /schema/openapi.json",
    description="A redirect to `/schema/openapi.json`: people look here first.",
    sync_to_thread=False,
)
def redirect_from_openapi_json(request: AnyRequest) -> Response[bytes]:
    """Redirect to the API's document."""
    return redirected(request, SHORT_WAYS[DOCUMENT])


FIRST_PAGE_ROUTES: tuple[HTTPRouteHandler, ...] = (read_first_page, redirect_from_docs, redirect_from_openapi_json)
