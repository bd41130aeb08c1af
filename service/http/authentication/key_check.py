"""No response tells what is wrong with a request, or what exists, before its key was checked.

A read or a decision checks the key in the same step. A refusal for the request's form alone does not get that far: it
is held back until the key was checked, so that a request with a good key pays nothing for it.
"""

from typing import assert_never

from litestar import HttpMethod, Request
from litestar.status_codes import HTTP_429_TOO_MANY_REQUESTS, HTTP_503_SERVICE_UNAVAILABLE

from core.api_keys import Forbidden, Unauthenticated
from core.fields import InvalidField
from core.registers import Query
from service.http.authentication.identification import Administrators, identify, shown_by
from service.http.encoded_response import EncodedResponse
from service.http.envelope import Empty
from service.http.headers import AnyRequest, InvalidHeader
from service.http.policies import Key, Policies
from service.http.problems import response_to
from service.http.received import Scope
from service.reads.projection import ProjectionReader
from service.request.context import Identified
from service.request.errors import RegionUnavailable, TooManyInFlight
from service.request.scope import identified_in, shown_in

UNTELLING = frozenset({HTTP_429_TOO_MANY_REQUESTS, HTTP_503_SERVICE_UNAVAILABLE})
"""Statuses that reveal nothing about the request: its key could not be checked, or need not be."""


class Authentication:
    """Checks the keys of requests that no route has checked, and ends what requests hold."""

    def __init__(
        self,
        policies: Policies,
        *,
        projection: ProjectionReader,
        administrators: Administrators,
    ) -> None:
        self._policies = policies
        self._projection = projection
        self._administrators = administrators

    async def refusal_of(self, scope: Scope, status: int) -> EncodedResponse[Empty] | None:
        """The 401, 403, 429 or 503 that takes the place of a response with `status`. None if the caller may have it."""
        if status in UNTELLING or shown_in(scope) is not None:
            return None  # Nearly always: a request with a good key costs nothing more.
        asked_by = identified_in(scope)
        if asked_by is None and "route_handler" not in scope:
            return None
        request: AnyRequest = Request(scope)  # type: ignore[arg-type]
        try:
            if asked_by is None:
                asked_by = self._identify(request)
            if asked_by is not None and not asked_by.caller.is_administrator:
                await self._projection.read(Query(()), asked_by)
        except (Unauthenticated, Forbidden, TooManyInFlight, RegionUnavailable) as error:
            return response_to(request, error)
        except (InvalidHeader, InvalidField):
            return None  # A request that names no organization is answered so, or with what else is wrong.
        return None

    def refusal_of_head(self, scope: Scope, key: Key) -> EncodedResponse[Empty] | None:
        """The 401 for a request whose body is still to come, and whose head shows no key of the kind that it needs.

        Whether an API key exists is not looked up: None only says that the body is worth reading.
        """
        request: AnyRequest = Request(scope)  # type: ignore[arg-type]
        try:
            match key:
                case Key.NONE:
                    pass
                case Key.ORGANIZATION:
                    shown_by(request)
                case Key.ADMIN:
                    self._administrators.id_of(request)
                case _:
                    assert_never(key)
        except (Unauthenticated, InvalidHeader) as error:
            return response_to(request, error)
        return None

    def end(self, scope: Scope) -> None:
        """The request is over: give back all that it holds."""
        if (request := identified_in(scope)) is not None:
            request.held.release()

    def _identify(self, request: AnyRequest) -> Identified | None:
        """A request that did not reach its route: a body that is no JSON is found out before. None if all may ask."""
        if request.method == HttpMethod.OPTIONS:
            return None
        policy = self._policies.of(request.scope["path_template"])
        match policy.key:
            case Key.NONE:
                return None
            case Key.ORGANIZATION:
                return identify(request, policy.scope_of(request.method))
            case Key.ADMIN:
                return self._administrators.identify(request)
            case _:
                assert_never(policy.key)
