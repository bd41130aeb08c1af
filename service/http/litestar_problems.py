"""Turn Litestar's own errors into responses: unknown routes and methods, and unexpected errors."""

import structlog
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException

from runtime.head import with_head
from service.http.encoded_response import EncodedResponse, ErrorResponses
from service.http.envelope import Empty, failure
from service.http.headers import AnyRequest

log = structlog.get_logger()


def _no_such_route(request: AnyRequest, _: NotFoundException) -> EncodedResponse[Empty]:
    return failure(404, f"no such route: {request.url.path[:200]}")


def _no_such_method(request: AnyRequest, error: MethodNotAllowedException) -> EncodedResponse[Empty]:
    allowed = ", ".join(with_head(filter(None, (error.headers or {}).get("allow", "").split(", "))))
    return failure(405, f"{request.method} is not allowed here; allowed: {allowed}", headers={"Allow": allowed})


def _http(_: AnyRequest, error: HTTPException) -> EncodedResponse[Empty]:
    return failure(error.status_code, error.detail, headers=error.headers)


def _unexpected(request: AnyRequest, error: Exception) -> EncodedResponse[Empty]:
    log.error("unexpected", method=request.method, route=request.scope.get("path_template"), exc_info=error)
    return failure(500, "unexpected error; the service has logged it")


OF_LITESTAR: ErrorResponses = {
    NotFoundException: _no_such_route,
    MethodNotAllowedException: _no_such_method,
    HTTPException: _http,
    Exception: _unexpected,
}
