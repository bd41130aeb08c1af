"""The files of the page at `/dashboard`: our own, and uPlot's. Nothing of it comes from anywhere else."""

from importlib.resources import files

from service.http.static_files import Asset

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No other host, and no script or style that is not a file of ours."""

_HERE = files("service.dashboard")
_SCRIPT = "text/javascript; charset=utf-8"
_STYLE = "text/css; charset=utf-8"


def page() -> Asset:
    """The page itself."""
    return Asset((_HERE / "page" / "page.html").read_bytes(), "text/html; charset=utf-8")


ASSETS = {
    "icon.svg": ("page", "image/svg+xml"),
    "page.css": ("page", _STYLE),
    "chart.js": ("page", _SCRIPT),
    "matrix.js": ("page", _SCRIPT),
    "page.js": ("page", _SCRIPT),
    "samples.js": ("page", _SCRIPT),
    "timeline.js": ("page", _SCRIPT),
    "words.js": ("page", _SCRIPT),
    "uPlot.iife.min.js": ("uplot", _SCRIPT),
    "uPlot.min.css": ("uplot", _STYLE),
}
"""Name -> the directory that it is in, and its type."""


def assets() -> dict[str, Asset]:
    """What the page loads, by name."""
    return {
        name: Asset((_HERE / directory / name).read_bytes(), content_type)
        for name, (directory, content_type) in ASSETS.items()
    }
