"""Responses that are made after their route has ended.

A write waits for its log, and then for up to two minutes for other regions. A route that waited for it would keep
Litestar's request, and twelve coroutines. A waiting request would then take three times the memory.
"""

from collections.abc import Callable, Coroutine, MutableMapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, cast

from litestar import Request, Response
from litestar.response.base import ASGIResponse

from service.http.encoded_response import EncodedResponse
from service.http.headers import AnyRequest
from service.http.problems import response_to
from service.request.scope import CARRIED

T = TypeVar("T")

_MAKE = "crosshook.later"

_AFTER_ROUTE = ("type", "method", "path", "path_template", "route_handler", *CARRIED)
"""The members of a scope that are looked at once the route has ended."""


class Ready(NamedTuple, Generic[T]):
    """A response, which is sent after `until` has returned. If `until` raises, the error's response is sent instead."""

    response: EncodedResponse[T]
    until: Coroutine[Any, Any, None]


class LaterResponse(Response[T]):
    """What a route returns whose response `make` makes once the route has ended."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Coroutine[Any, Any, Ready[T]]]) -> None:
        self.make = make

    async def __call__(self, scope: MutableMapping[str, Any], receive: object, send: object) -> None:  # noqa: ARG002 - ASGI's
        """Leave it to `later_response`, as an ASGI application."""
        scope[_MAKE] = self.make

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:  # noqa: ANN401 - Litestar's
        """The application that Litestar calls for this response."""
        return cast("ASGIResponse", self)


def is_later(scope: MutableMapping[str, Any]) -> bool:
    """Whether the request's route has ended without its response."""
    return _MAKE in scope


async def later_response(scope: MutableMapping[str, Any]) -> EncodedResponse[Any]:
    """The response to a request whose route left it to this function, or to the error that making it raised."""
    making = scope[_MAKE]()
    _forget_all_but(scope, _AFTER_ROUTE)
    response: EncodedResponse[Any]
    try:
        response, until = await making
        await until
    except Exception as error:  # noqa: BLE001 - each has a response, as in a route
        request: AnyRequest = Request(cast("Any", scope))
        return response_to(request, error)
    return response


def _forget_all_but(scope: MutableMapping[str, Any], members: Sequence[str]) -> None:
    """Free the memory of what only the route needed: the headers, the body, and what Litestar keeps of them."""
    kept = {member: scope[member] for member in members if member in scope}
    scope.clear()  # Otherwise the mapping stays as large as it was.
    scope.update(kept, headers=())  # Their connection looks at them when it counts unfinished bytes.
