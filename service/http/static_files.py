"""Pages and the files that they load: the same for every caller, read once, and sent from memory.

Litestar's own router for static files is not used. It sends every file of a directory, takes types from the machine's
table, and adds an `ETag` that differs between two processes and that it never compares.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.status_codes import HTTP_308_PERMANENT_REDIRECT

from service.http.headers import AnyRequest
from service.http.parameter import Parameter, Place
from service.http.parameter_forms import Named

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
    """A page, its headers, and the files that it loads, by their names."""

    page: Asset
    headers: dict[str, str]
    files: Mapping[str, Asset]

    def send_page(self, request: AnyRequest) -> Response[bytes]:
        """A response with the page. Its links are relative to a path without a slash at its end."""
        if _ends_with_slash(request):
            return redirected(request, _last_part(request))
        return sent(self.page, self.headers)

    def send_file(self, name: str) -> Response[bytes]:
        """A response with a file that the page loads. Raises `NotFoundException` for every other name."""
        if name not in self.files:
            raise NotFoundException
        return sent(self.files[name], FILE)


def load_site(package: str, assets: Mapping[str, tuple[str, str]], *, content_security_policy: str) -> Site:
    """Read a page, which is `page/page.html` in `package`, and the files that it loads.

    `assets` maps a file's name to its directory in `package` and its type: no other file is sent.
    `content_security_policy` limits what a browser loads for the page. Raises `FileNotFoundError`.
    """
    directory = files(package)
    return Site(
        page=Asset((directory / "page" / "page.html").read_bytes(), HTML),
        headers=page_headers(content_security_policy),
        files={name: Asset((directory / at / name).read_bytes(), kind) for name, (at, kind) in assets.items()},
    )


def file_name(site: Site, *, key: str) -> Parameter[str]:
    """The parameter that names a file of a site."""
    return Parameter(
        key=key,
        name="file",
        place=Place.PATH,
        form=Named(tuple(site.files)),
        default="",
        description="The file's name.",
        is_required=True,
    )


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
