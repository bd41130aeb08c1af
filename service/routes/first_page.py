"""`/`: a page that links to the others. `/docs` and `/openapi.json`, where people look first, redirect to `/schema`."""

from importlib.resources import files

from litestar import Response, get

from service.http.headers import AnyRequest
from service.http.static_files import HTML, Asset, page_headers, redirected, sent

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads its icon and nothing else."""

FIRST_PAGE = "/"
SHORT_WAYS = {"/docs": "schema", "/openapi.json": "schema/openapi.json"}
"""A path -> where it redirects, relative to the path."""

_PAGE = Asset(files("service.routes").joinpath("first_page.html").read_bytes(), HTML)
_HEADERS = page_headers(CONTENT_SECURITY_POLICY)


@get(FIRST_PAGE, sync_to_thread=False)
def read_first_page() -> Response[bytes]:
    """Send the page that links to the dashboard and to the API."""
    return sent(_PAGE, _HEADERS)


@get(list(SHORT_WAYS), sync_to_thread=False)
def redirect_to_schema(request: AnyRequest) -> Response[bytes]:
    """Redirect to the API's page or its document."""
    return redirected(request, SHORT_WAYS[request.scope["path_template"]])


FIRST_PAGE_ROUTES = (read_first_page, redirect_to_schema)
