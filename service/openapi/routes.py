"""`/schema`: the contract, to read and to try in a browser, and as the document that it is made of."""

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from core.fields import HeaderLimits
from service.http.headers import AnyRequest
from service.http.static_files import FILE, Asset, sent, sent_page
from service.openapi.assets import CONTENT_SECURITY_POLICY, assets, page
from service.openapi.document import document

_PAGE = {**FILE, "Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"}


def schema_routes(limits: HeaderLimits) -> list[HTTPRouteHandler]:
    """The three routes. The document is made, and the files are read, once."""
    contract, shown, loaded = msgspec.json.encode(document(limits)), page(), assets()

    @get("/schema/openapi.json", sync_to_thread=False)
    def read_document() -> Response[bytes]:
        """The OpenAPI document."""
        return sent(Asset(contract, "application/json"), FILE)

    @get("/schema", sync_to_thread=False)
    def read_page(request: AnyRequest) -> Response[bytes]:
        """The page that shows it."""
        return sent_page(request, shown, _PAGE)

    @get("/schema/{file:str}", sync_to_thread=False)
    def read_file(request: AnyRequest) -> Response[bytes]:
        """A file that the page loads."""
        asset = loaded.get(request.path_params["file"])
        if asset is None:
            raise NotFoundException
        return sent(asset, FILE)

    return [read_document, read_page, read_file]
