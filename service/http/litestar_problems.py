"""Turn Litestar's own errors into responses: malformed bodies, unknown routes, and unexpected errors."""

import structlog
from litestar import Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.status_codes import HTTP_400_BAD_REQUEST
from litestar.types import ExceptionHandlersMap

from runtime.head import with_head
from service.http.envelope import Empty, failure
from service.http.headers import AnyRequest

log = structlog.get_logger()


def _invalid_body(_: AnyRequest, error: ValidationException) -> Response[Empty]:
    """Litestar names what it found wrong in `extra`, a part at a time; `data` is its name for the body."""
    extra = error.extra if isinstance(error.extra, list) else []
    parts = [_part(item) for item in extra if isinstance(item, dict)]
    return failure(400, "body: " + ("; ".join(parts) or error.detail))


def _part(item: dict[str, str]) -> str:
    key, message = item.get("key", "data"), item.get("message", "")
    if key == "data":
        return "expected a JSON object, got nothing" if message == "'data'" else message
    return f"{key}: {message}"


def _malformed_body(request: AnyRequest, error: Exception) -> Response[Empty]:
    """Litestar raises a bare `ClientException` for a body that it cannot parse; subclasses have their own status."""
    if isinstance(error, HTTPException) and error.status_code != HTTP_400_BAD_REQUEST:
        return _http(request, error)
    detail = error.detail if isinstance(error, HTTPException) else str(error)
    return failure(400, f"body: expected a JSON object ({detail})")


def _no_such_route(request: AnyRequest, _: NotFoundException) -> Response[Empty]:
    return failure(404, f"no such route: {request.url.path[:200]}")


def _no_such_method(request: AnyRequest, error: MethodNotAllowedException) -> Response[Empty]:
    allowed = ", ".join(with_head(filter(None, (error.headers or {}).get("allow", "").split(", "))))
    return failure(405, f"{request.method} is not allowed here; allowed: {allowed}", headers={"Allow": allowed})


def _http(_: AnyRequest, error: HTTPException) -> Response[Empty]:
    return failure(error.status_code, error.detail, headers=error.headers)


def _unexpected(request: AnyRequest, error: Exception) -> Response[Empty]:
    log.error("unexpected", method=request.method, path=request.url.path, exc_info=error)
    return failure(500, "unexpected error; the service has logged it")


OF_LITESTAR: ExceptionHandlersMap = {
    ValidationException: _invalid_body,
    ClientException: _malformed_body,
    UnicodeDecodeError: _malformed_body,
    RecursionError: _malformed_body,
    NotFoundException: _no_such_route,
    MethodNotAllowedException: _no_such_method,
    HTTPException: _http,
    Exception: _unexpected,
}
