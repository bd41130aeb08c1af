"""Responses that are encoded once, when they are made."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec
from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.status_codes import HTTP_204_NO_CONTENT, HTTP_304_NOT_MODIFIED

T = TypeVar("T")
Asgi = Callable[..., Any]

_JSON = (b"content-type", b"application/json")
_encoder = msgspec.json.Encoder()


class EncodedResponse(Response[T]):
    """A response with JSON, or without a body. It is its own ASGI application.

    Litestar makes two more objects of each of its own responses, with a second copy of the headers.
    """

    __slots__ = ("body",)

    def __init__(self, content: T, *, status_code: int, headers: dict[str, str] | None = None) -> None:
        """Encode the content. The parts of a Litestar response that need the request are left out."""
        self.status_code = status_code
        self.headers = headers or {}
        self.body = b"" if content is None else _encoder.encode(content)

    async def __call__(self, scope: object, receive: object, send: Asgi) -> None:  # noqa: ARG002 - ASGI's
        """Send it, as an ASGI application."""
        await self.send(send)

    async def send(self, send: Asgi) -> None:
        """Send it. Its own headers come first."""
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        if self.status_code not in (HTTP_204_NO_CONTENT, HTTP_304_NOT_MODIFIED):
            headers += (_JSON, (b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:  # noqa: ANN401 - Litestar's
        """The application that Litestar calls for this response."""
        return cast("ASGIResponse", self)


ErrorResponses = dict[int | type[Exception], Callable[[Any, Any], EncodedResponse[Any]]]
"""The response to each kind of error, made of the request and the error."""
