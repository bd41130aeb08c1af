"""`OPTIONS`: which methods a path has."""

from collections import defaultdict
from collections.abc import Sequence

from litestar import HttpMethod, Response
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_204_NO_CONTENT

from runtime.head import with_head


def with_options(handlers: Sequence[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """The handlers, and before them one for `OPTIONS` on each of their paths.

    Litestar adds its own where it finds none, and that one names the methods of the path's first handler alone.
    """
    methods: dict[str, set[str]] = defaultdict(lambda: {HttpMethod.OPTIONS.value})
    for handler in handlers:
        for path in handler.paths:
            methods[path] |= {str(method) for method in handler.http_methods}
    return [*(_options(path, ", ".join(with_head(allowed))) for path, allowed in methods.items()), *handlers]


def _options(path: str, allowed: str) -> HTTPRouteHandler:
    def options() -> Response[None]:
        return Response(None, headers={"Allow": allowed})

    handler = HTTPRouteHandler(
        path, http_method=HttpMethod.OPTIONS, status_code=HTTP_204_NO_CONTENT, sync_to_thread=False
    )
    return handler(options)
