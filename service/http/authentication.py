"""Nobody is told what is wrong with a request, or what is not there, before the key that came with it was looked at.

What is read or decided looks at the key in the same step. What is refused for its form alone does not get that far:
such an answer is held back here until the key was looked at, so that those who have a good one pay nothing for it.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from litestar import Request, Response
from litestar.status_codes import HTTP_429_TOO_MANY_REQUESTS, HTTP_503_SERVICE_UNAVAILABLE

from core.api_keys import Forbidden, Unauthenticated
from core.fields import InvalidField
from core.registers import Query
from service.http.envelope import Empty, send_whole
from service.http.headers import KEYLESS, AdminHeaders, AnyRequest, InvalidHeader, caller_in
from service.http.problems import answer_to
from service.reads.projection import ProjectionReader
from service.request.concurrency_limit import ConcurrencyLimit
from service.request.context import Caller, caller_of
from service.request.errors import RegionUnavailable, TooManyInFlight

UNTELLING = frozenset({HTTP_429_TOO_MANY_REQUESTS, HTTP_503_SERVICE_UNAVAILABLE})
"""What says nothing about the request: the key could not be looked at, or need not be."""

_OF_ORGANIZATIONS = ("/organizations/", "/operations/", "/test-events")

Scope = MutableMapping[str, Any]
Asgi = Callable[..., Any]


class Guard:
    """An ASGI application around another one."""

    def __init__(
        self, app: Asgi, views: ProjectionReader, concurrency_limit: ConcurrencyLimit, admin: AdminHeaders
    ) -> None:
        self._app = app
        self._views = views
        self._concurrency_limit = concurrency_limit
        self._admin = admin

    async def __call__(self, scope: Scope, receive: Asgi, send: Asgi) -> None:
        """Pass the request on, and its answer back if whoever asked may have it. 401, 403, 429 or 503 otherwise."""
        is_withheld = False

        async def guarded(message: Mapping[str, Any]) -> None:
            nonlocal is_withheld
            if message["type"] == "http.response.start" and message["status"] not in UNTELLING:
                refusal = await self._look_at_key(scope)
                if refusal is not None:
                    is_withheld = True
                    await send_whole(send, refusal)
            if not is_withheld:
                await send(message)

        try:
            await self._app(scope, receive, guarded)
        finally:
            if (caller := caller_of(scope)) is not None:
                self._concurrency_limit.leave(caller)
                for free in caller.exchange.at_end:
                    free()

    async def _look_at_key(self, scope: Scope) -> Response[Empty] | None:
        """How whoever asked is refused, if his key was not looked at before and does not let him in."""
        caller = caller_of(scope)
        if caller is not None and caller.exchange.is_let_in:
            return None  # As nearly always: nothing is made for those who have a good key.
        request: AnyRequest = Request(scope)  # type: ignore[arg-type]
        try:
            if caller is None and "route_handler" in scope:
                caller = self._identify(request)
            if caller is not None and not caller.exchange.is_let_in:
                await self._views.read(Query(()), caller)
        except (Unauthenticated, Forbidden, TooManyInFlight, RegionUnavailable) as error:
            return answer_to(request, error)
        except (InvalidHeader, InvalidField):
            return None  # Who says no organization is told so, or what else is wrong.
        return None

    def _identify(self, request: AnyRequest) -> Caller | None:
        """Who asks, where the route was not reached: a body that is no JSON is found out before. None if all may."""
        if request.method == "OPTIONS" or KEYLESS in request.scope["route_handler"].opt:
            return None
        if request.url.path.startswith("/admin/"):
            return self._admin.caller(request)
        return caller_in(request) if request.url.path.startswith(_OF_ORGANIZATIONS) else None
