"""What a route is given: one request, and the use cases that answer it.

Litestar starts a task for each dependency where a handler has two. So each handler has one, which carries both.
"""

from collections.abc import Awaitable

import msgspec

from core.commands import Command
from service.http import headers
from service.http.headers import AdminHeaders, AnyRequest
from service.request.context import Caller, ReadRequest, WriteRequest
from service.request.limits import Limits
from service.use_cases import UseCases
from service.writes.command_handler import Written


class Write(msgspec.Struct, frozen=True):
    """A write that was asked for, and the use cases."""

    request: WriteRequest
    use_cases: UseCases
    limits: Limits

    @property
    def caller(self) -> Caller:
        """The caller that asks for it."""
        return self.request.caller

    def carry_out(self, command: Command) -> Awaitable[Written]:
        """Append what `command` decides, and wait for the level. Raises what `CommandHandler.write` raises."""
        return self.use_cases.writing.write(command, self.request)


class Read(msgspec.Struct, frozen=True):
    """A read that was asked for, and the use cases."""

    request: ReadRequest
    use_cases: UseCases


class Calls:
    """The dependencies of the routes: each is made of one request."""

    def __init__(self, use_cases: UseCases, limits: Limits, admin: AdminHeaders) -> None:
        self._use_cases = use_cases
        self._limits = limits
        self._admin = admin

    def read(self, request: AnyRequest) -> Read:
        """A read in the name of an organization. Raises `Unauthenticated`, `InvalidHeader`."""
        return Read(headers.read_request(request), self._use_cases)

    async def write(self, request: AnyRequest) -> Write:
        """A write in the name of an organization. Raises `Unauthenticated`, `InvalidHeader`."""
        return Write(await headers.write_request(request), self._use_cases, self._limits)

    def admin_read(self, request: AnyRequest) -> Read:
        """A read by the administrator. Raises `Unauthenticated`, `InvalidHeader`."""
        return Read(self._admin.read_request(request), self._use_cases)

    async def admin_write(self, request: AnyRequest) -> Write:
        """A write by the administrator. Raises `Unauthenticated`, `InvalidHeader`."""
        return Write(await self._admin.write_request(request), self._use_cases, self._limits)
