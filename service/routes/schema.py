"""`/schema`: the contract, to read and to try in a browser, and as the document that it is made of."""

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_308_PERMANENT_REDIRECT

from core.fields import HeaderLimits
from service.headers import AnyRequest
from service.openapi.assets import CONTENT_SECURITY_POLICY, Asset, assets, page
from service.openapi.document import document

FILE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
"""A static file is the same for everybody: a cache may keep it, and asks each time whether it still holds."""
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


def sent_page(request: AnyRequest, page: Asset, headers: dict[str, str]) -> Response[bytes]:
    """A page. Its links are relative to its path, which has no slash at its end: a proxy may serve it anywhere."""
    path = request.scope["raw_path"].decode()
    if not path.endswith("/"):
        return sent(page, headers)
    location = "../" + path.rstrip("/").rpartition("/")[2]
    return Response(b"", status_code=HTTP_308_PERMANENT_REDIRECT, headers={**FILE, "Location": location})


def sent(asset: Asset, headers: dict[str, str]) -> Response[bytes]:
    """A file, as it is."""
    return Response(asset.content, headers={**headers, "Content-Type": asset.content_type})
