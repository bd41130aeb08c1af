"""Files that are the same for every caller."""

from typing import NamedTuple

from litestar import Response
from litestar.status_codes import HTTP_308_PERMANENT_REDIRECT

from service.http.headers import AnyRequest

FILE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
"""A static file is the same for everybody: a cache may keep it, and asks each time whether it still holds."""


class Asset(NamedTuple):
    """A file, and what kind of file it is."""

    content: bytes
    content_type: str


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
