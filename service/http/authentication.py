"""Authentication: no response tells what is wrong with a request, or what exists, before its key was checked.

A read or a decision checks the key in the same step. A refusal for the request's form alone does not get that far: it
is held back until the key was checked, so that a request with a good key pays nothing for it.
"""

from collections.abc import MutableMapping
from typing import Any, assert_never

from litestar import HttpMethod, Request, Response
from litestar.status_codes import HTTP_429_TOO_MANY_REQUESTS, HTTP_503_SERVICE_UNAVAILABLE

from core.api_keys import Forbidden, Unauthenticated
from core.fields import InvalidField
from core.registers import Query
from service.http.envelope import Empty
from service.http.headers import AdminHeaders, AnyRequest, InvalidHeader, caller_in
from service.http.policies import Key, Policies
from service.http.problems import answer_to
from service.reads.projection import ProjectionReader
from service.request.concurrency_limit import ConcurrencyLimit
from service.request.context import Caller, caller_of
from service.request.errors import RegionUnavailable, TooManyInFlight

UNTELLING = frozenset({HTTP_429_TOO_MANY_REQUESTS, HTTP_503_SERVICE_UNAVAILABLE})
"""Statuses that tell nothing about the request: its key could not be checked, or need not be."""

Scope = MutableMapping[str, Any]


class Authentication:
    """Checks the keys of requests that no route has checked, and ends what was counted for their callers."""

    def __init__(
        self,
        policies: Policies,
        *,
        projection: ProjectionReader,
        concurrency_limit: ConcurrencyLimit,
        admin: AdminHeaders,
    ) -> None:
        self._policies = policies
        self._projection = projection
        self._concurrency_limit = concurrency_limit
        self._admin = admin

    async def refusal_of(self, scope: Scope, status: int) -> Response[Empty] | None:
        """The 401, 403, 429 or 503 that takes the place of a response with `status`. None if the caller may have it."""
        caller = caller_of(scope)
        if status in UNTELLING or (caller is not None and caller.exchange.is_let_in):
            return None  # Nearly always: a request with a good key costs nothing more.
        if caller is None and "route_handler" not in scope:
            return None
        request: AnyRequest = Request(scope)  # type: ignore[arg-type]
        try:
            if caller is None:
                caller = self._identify(request)
            if caller is not None and not caller.exchange.is_let_in:
                await self._projection.read(Query(()), caller)
        except (Unauthenticated, Forbidden, TooManyInFlight, RegionUnavailable) as error:
            return answer_to(request, error)
        except (InvalidHeader, InvalidField):
            return None  # A request that names no organization is answered so, or with what else is wrong.
        return None

    def end(self, scope: Scope) -> None:
        """The request is over: free all that was held for its caller."""
        if (caller := caller_of(scope)) is not None:
            self._concurrency_limit.leave(caller)
            for free in caller.exchange.at_end:
                free()

    def _identify(self, request: AnyRequest) -> Caller | None:
        """The caller, if its route was not reached: a body that is no JSON is found out before. None if all may ask."""
        if request.method == HttpMethod.OPTIONS:
            return None
        key = self._policies.of(request.scope["path_template"]).key
        match key:
            case Key.NONE:
                return None
            case Key.ORGANIZATION:
                return caller_in(request)
            case Key.ADMIN:
                return self._admin.caller(request)
            case _:
                assert_never(key)
