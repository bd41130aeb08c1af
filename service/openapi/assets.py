"""The files of the page at `/schema`: two of our own, and Swagger UI's. Nothing of it comes from anywhere else."""

from importlib.resources import files

from service.http.static_files import Asset

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No other host, whatever the document or Swagger UI says, and no script or style that is not a file of ours. The
images are in the style sheet."""

_HERE = files("service.openapi")


def page() -> Asset:
    """The page itself."""
    return Asset((_HERE / "page" / "page.html").read_bytes(), "text/html; charset=utf-8")


ASSETS = {
    "favicon-32x32.png": ("swagger_ui", "image/png"),
    "start.js": ("page", "text/javascript; charset=utf-8"),
    "swagger-ui-bundle.js": ("swagger_ui", "text/javascript; charset=utf-8"),
    "swagger-ui.css": ("swagger_ui", "text/css; charset=utf-8"),
}
"""Name -> the directory that it is in, and its type."""


def assets() -> dict[str, Asset]:
    """What the page loads, by name."""
    return {
        name: Asset((_HERE / directory / name).read_bytes(), content_type)
        for name, (directory, content_type) in ASSETS.items()
    }
