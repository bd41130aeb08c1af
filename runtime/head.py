"""`HEAD`: the same as `GET`, without the body (RFC 9110, 9.3.2)."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

Asgi = Callable[..., Any]
Scope = MutableMapping[str, Any]

_IS_HEAD = "crosshook.is_head"


def is_head(scope: Mapping[str, Any]) -> bool:
    """Whether the request with this ASGI scope is a `HEAD`."""
    return _IS_HEAD in scope


def with_head(methods: Iterable[str]) -> list[str]:
    """`methods` in order, with `HEAD` if there is `GET`."""
    found = set(methods)
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def as_get(scope: Scope) -> bool:
    """Show a `HEAD` to the routes as a `GET`. Returns whether the request is a `HEAD`."""
    if scope["method"] != "HEAD":
        return False
    scope["method"], scope[_IS_HEAD] = "GET", True
    return True


def as_head(scope: Scope) -> None:
    """Show a `HEAD` as what it is again."""
    scope["method"] = "HEAD"


class HeadAsGet:
    """Middleware that shows each `HEAD` to the application as a `GET`. The middleware around it still sees `HEAD`."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Pass the request on, and return its response without the body."""
        if scope.get("method") != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Mapping[str, Any]) -> None:
            scope["method"] = "HEAD"
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        scope["method"], scope[_IS_HEAD] = "GET", True
        try:
            await self._app(scope, receive, send_without_body)
        finally:
            scope["method"] = "HEAD"
