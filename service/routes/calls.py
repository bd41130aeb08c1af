"""One request to a route, and the use cases that answer it.

Each handler makes its own from the request. A dependency of Litestar's would cost each request 4.5 µs more.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import msgspec
from litestar import Request

from core.commands import Command
from core.key_scopes import KeyScope
from service.http.authentication.identification import Administrators, identify
from service.http.content_encoding import refuse_encoded_body
from service.http.encoded_response import EncodedResponse
from service.http.headers import AnyRequest
from service.http.json_body import as_kind, document_in
from service.http.later_response import LaterResponse, Ready
from service.http.problems import response_to
from service.http.received import body_in
from service.http.requests import read_request, write_request
from service.http.response_headers import showing
from service.reads.listing import Listing
from service.reads.operation_status import OperationStatus
from service.reads.queries import Queries
from service.request.context import Caller, ReadRequest, WriteRequest
from service.request.limits import Limits
from service.request.scope import Scope
from service.request.shown import Refused, Result, Shown
from service.writes.command_handler import CommandHandler, Written

B = TypeVar("B")
T = TypeVar("T")


class UseCases(NamedTuple):
    """The use cases, which the routes call."""

    writing: CommandHandler
    reading: Queries
    listing: Listing
    operations: OperationStatus


class _Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a route. Its `scope` carries on what the response shows."""

    scope: Scope
    use_cases: UseCases

    def respond(self, content: T, shown: Shown, *, headers: dict[str, str] | None = None) -> EncodedResponse[T]:
        """The response to it, with the route's status and the headers of `shown`."""
        status_code = self.scope["route_handler"].status_code
        return showing(shown, self.scope, EncodedResponse(content, status_code=status_code, headers=headers))


class Write(_Call, frozen=True, kw_only=True):
    """A write that was asked for, and the use cases."""

    request: WriteRequest
    limits: Limits
    now_milliseconds: int

    @property
    def caller(self) -> Caller:
        """The caller that asks for it."""
        return self.request.caller

    def carry_out(
        self, command: Command, describe: Callable[[Result[Written]], EncodedResponse[T]]
    ) -> LaterResponse[T]:
        """The response that `describe` makes of what `command` leaves. It is sent once the level is reached."""
        return LaterResponse(partial(self._carried_out, command, describe))

    async def _carried_out(
        self, command: Command, describe: Callable[[Result[Written]], EncodedResponse[T]]
    ) -> Ready[Any]:
        """Append what `command` decides. Raises what `CommandHandler.write` raises."""
        outcome, until_reached = await self.use_cases.writing.write(command, self.request)
        try:
            if isinstance(outcome, Refused):
                raise outcome
            return Ready(describe(outcome), until_reached)
        except Refused as refused:
            request: AnyRequest = Request(self.scope)
            return Ready(response_to(request, refused), until_reached)


class Read(_Call, frozen=True, kw_only=True):
    """A read that was asked for, and the use cases."""

    request: ReadRequest


class Calls:
    """Makes each of a request."""

    def __init__(
        self,
        use_cases: UseCases,
        limits: Limits,
        administrators: Administrators,
        now_milliseconds: Callable[[], int],
    ) -> None:
        self._use_cases = use_cases
        self._now_milliseconds = now_milliseconds
        self._limits = limits
        self._administrators = administrators

    def read(self, request: AnyRequest) -> Read:
        """A read in the name of an organization. Raises `Unauthenticated`, `InvalidHeader`."""
        asked = read_request(request, identify(request, KeyScope.READ))
        return Read(scope=request.scope, use_cases=self._use_cases, request=asked)

    def write(self, request: AnyRequest) -> Write:
        """A write in the name of an organization. Raises `Unauthenticated`, `InvalidHeader`."""
        return self._write(request, write_request(request, identify(request, KeyScope.WRITE)))

    def admin_read(self, request: AnyRequest) -> Read:
        """A read by an administrator. Raises `NotTheAdministrator`, `InvalidHeader`, `InvalidField`."""
        asked = read_request(request, self._administrators.identify(request))
        return Read(scope=request.scope, use_cases=self._use_cases, request=asked)

    def admin_write(self, request: AnyRequest) -> Write:
        """A write by an administrator. Raises `NotTheAdministrator`, `InvalidHeader`, `InvalidField`."""
        return self._write(request, write_request(request, self._administrators.identify(request)))

    def _write(self, request: AnyRequest, asked: WriteRequest) -> Write:
        return Write(
            scope=request.scope,
            use_cases=self._use_cases,
            request=asked,
            limits=self._limits,
            now_milliseconds=self._now_milliseconds(),
        )


def calls_of(request: AnyRequest) -> Calls:
    """What makes the calls of the request's application."""
    calls: Calls = request.app.state.calls
    return calls


def with_body(make: Callable[[AnyRequest], Write], request: AnyRequest, kind: type[B]) -> tuple[Write, B]:
    """A write, and its body as `kind`. Raises `EncodedBody`, `InvalidBody`, and what `make` raises.

    A body that is no JSON is refused first, and one without the right members last.
    """
    refuse_encoded_body(request)
    document = document_in(body_in(request.scope))
    return make(request), as_kind(document, kind)
