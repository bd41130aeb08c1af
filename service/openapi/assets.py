"""The files of the page at `/schema`: our own, and those of Swagger UI. None comes from another host."""

from service.http.static_files import SCRIPT, STYLE, load_site

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads from its own host alone, and its scripts and styles are files. The style sheet contains its images."""

ASSETS = {
    "favicon-32x32.png": ("swagger_ui", "image/png"),
    "start.js": ("page", SCRIPT),
    "swagger-ui-bundle.js": ("swagger_ui", SCRIPT),
    "swagger-ui.css": ("swagger_ui", STYLE),
}
"""A file's name -> its directory and its type."""

SITE = load_site("service.openapi", ASSETS, content_security_policy=CONTENT_SECURITY_POLICY)
