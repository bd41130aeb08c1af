"""`/schema`: a page that shows the contract and tries its operations, and the OpenAPI document itself."""

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from core.fields import HeaderLimits
from service.http.static_files import FILE, Asset, sent, site_routes
from service.openapi.assets import SITE
from service.openapi.document import document


def schema_routes(limits: HeaderLimits) -> list[HTTPRouteHandler]:
    """The three routes. The document is made, and the files are read, once."""
    contract = Asset(msgspec.json.encode(document(limits)), "application/json")

    @get(f"{SITE.path}/openapi.json", sync_to_thread=False)
    def read_document() -> Response[bytes]:
        """Send the OpenAPI document."""
        return sent(contract, FILE)

    return [read_document, *site_routes(SITE)]
