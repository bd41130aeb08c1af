"""Pages and the files that they load: the same for every caller, read once, and sent from memory.

Litestar's own router for static files is not used. It sends every file of a directory, takes types from the machine's
table, and adds an `ETag` that differs between two processes and that it never compares.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_308_PERMANENT_REDIRECT

from service.http.headers import AnyRequest

HTML = "text/html; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"
STYLE = "text/css; charset=utf-8"

FILE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
"""The headers of every static file. A cache may keep the file, and asks each time whether it is still current."""


class Asset(NamedTuple):
    """A file's content and its type."""

    content: bytes
    content_type: str


class Site(NamedTuple):
    """A page at `path`, and the files that it loads from below that path.

    `package` holds all of them; the page itself is its `page/page.html`. `files` maps a file's name to its directory in
    `package` and its type: no other file is sent. `content_security_policy` limits what a browser loads for the page.
    """

    path: str
    package: str
    content_security_policy: str
    files: Mapping[str, tuple[str, str]]


def site_routes(site: Site) -> list[HTTPRouteHandler]:
    """The two routes of a site. Its files are read here, once. Raises `FileNotFoundError` if one is missing."""
    directory = files(site.package)
    page = Asset((directory / "page" / "page.html").read_bytes(), HTML)
    assets = {name: Asset((directory / at / name).read_bytes(), kind) for name, (at, kind) in site.files.items()}
    headers = page_headers(site.content_security_policy)

    @get(site.path, sync_to_thread=False)
    def read_page(request: AnyRequest) -> Response[bytes]:
        """Send the page. Its links are relative to a path without a slash at its end."""
        return redirected(request, _last_part(request)) if _ends_with_slash(request) else sent(page, headers)

    @get(f"{site.path}/{{file:str}}", sync_to_thread=False)
    def read_file(request: AnyRequest) -> Response[bytes]:
        """Send a file that the page loads."""
        asset = assets.get(request.path_params["file"])
        if asset is None:
            raise NotFoundException
        return sent(asset, FILE)

    return [read_page, read_file]


def page_headers(content_security_policy: str) -> dict[str, str]:
    """The headers of a page that a browser shows."""
    return {**FILE, "Content-Security-Policy": content_security_policy, "Referrer-Policy": "no-referrer"}


def sent(asset: Asset, headers: dict[str, str]) -> Response[bytes]:
    """A response with the whole file."""
    return Response(asset.content, headers={**headers, "Content-Type": asset.content_type})


def redirected(request: AnyRequest, sibling: str) -> Response[bytes]:
    """A permanent redirect to `sibling` of the request's path. It is relative: a proxy may add a prefix to both."""
    location = f"../{sibling}" if _ends_with_slash(request) else sibling
    return Response(b"", status_code=HTTP_308_PERMANENT_REDIRECT, headers={**FILE, "Location": location})


def _ends_with_slash(request: AnyRequest) -> bool:
    return request.scope["raw_path"].endswith(b"/")


def _last_part(request: AnyRequest) -> str:
    return request.scope["raw_path"].decode().rstrip("/").rpartition("/")[2]
