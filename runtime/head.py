"""`HEAD`: everything as `GET`, without the body (RFC 9110, 9.3.2)."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

Asgi = Callable[..., Any]
Scope = MutableMapping[str, Any]

_IS_HEAD = "crosshook.is_head"


def is_head(scope: Mapping[str, Any]) -> bool:
    """Whether only the headers of an answer are wanted, by the request with that ASGI scope."""
    return _IS_HEAD in scope


def with_head(methods: Iterable[str]) -> list[str]:
    """`methods` in order, and `HEAD` where there is `GET`."""
    found = set(methods)
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


class HeadAsGet:
    """An ASGI application around another one that sees each `HEAD` as a `GET`. What is around this one sees `HEAD`."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Pass the request on, and its answer back without its body."""
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
