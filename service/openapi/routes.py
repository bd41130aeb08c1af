"""`/schema`: a page that shows the contract and tries its operations, and the OpenAPI document itself."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from service.http.headers import AnyRequest
from service.http.parameter import takes
from service.http.static_files import FILE, Asset, file_name, sent
from service.openapi.assets import SITE

FILE_NAME = file_name(SITE, key="file")


@get(
    "/schema",
    summary="Read this document in a browser",
    description="A page that shows this document and tries its operations. It loads nothing from any other host.",
    sync_to_thread=False,
)
def read_page(request: AnyRequest) -> Response[bytes]:
    """Send the page that shows the contract."""
    return SITE.send_page(request)


@get("/schema/openapi.json", summary="Read this document", description="This OpenAPI document.", sync_to_thread=False)
def read_document(contract: NamedDependency[bytes]) -> Response[bytes]:
    """Send the OpenAPI document."""
    return sent(Asset(contract, "application/json"), FILE)


@get(
    "/schema/{file:str}",
    summary="Read a file of the page",
    description="A file that the page at `/schema` loads.",
    opt=takes(FILE_NAME),
    sync_to_thread=False,
)
def read_file(file: FromPath[str]) -> Response[bytes]:
    """Send a file that the page loads."""
    return SITE.send_file(file)


SCHEMA_ROUTES: tuple[HTTPRouteHandler, ...] = (read_page, read_document, read_file)
"""They depend on `contract`, the encoded OpenAPI document."""
