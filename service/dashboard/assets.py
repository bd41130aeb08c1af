"""The files of the page at `/dashboard`: our own, and those of uPlot. None comes from another host."""

from service.http.static_files import SCRIPT, STYLE, load_site

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads from its own host alone, and its scripts and styles are files."""

ASSETS = {
    "icon.svg": ("page", "image/svg+xml"),
    "page.css": ("page", STYLE),
    "chart.js": ("page", SCRIPT),
    "matrix.js": ("page", SCRIPT),
    "page.js": ("page", SCRIPT),
    "samples.js": ("page", SCRIPT),
    "timeline.js": ("page", SCRIPT),
    "words.js": ("page", SCRIPT),
    "uPlot.iife.min.js": ("uplot", SCRIPT),
    "uPlot.min.css": ("uplot", STYLE),
}
"""File name -> its directory and its type."""

SITE = load_site("service.dashboard", ASSETS, content_security_policy=CONTENT_SECURITY_POLICY)
