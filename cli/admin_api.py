"""Issue, list and revoke an organization's API keys, over the admin routes of a service."""

import http
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

import msgspec

from cli.admin_errors import (
    AdminError,
    AdminKeyRefused,
    Invalid,
    NoAdminRoutes,
    NotCrosshook,
    NotReached,
    Refused,
    Unanswered,
    UnknownApiKey,
    Unreachable,
)
from cli.service_call import NotAnswered, NotConnected, Response, ServiceUrl, call
from core.consistency import Level

PAGE_LENGTH = 1_000
PAGES_MAX = 100
"""More pages than an organization's keys can fill, so that every listing ends."""

_READ_SECONDS = 30
_RESPONSE_SECONDS = 10
"""The time for the response itself, beyond the time that the service may wait."""

_NO_SUCH_ROUTE = "no such route"
"""The beginning of a 404 that is not about a key."""

NO_RESTRICTIONS: Mapping[str, Any] = {}

T = TypeVar("T")


class Wait(msgspec.Struct, frozen=True):
    """The regions that a write waits for, and for how long."""

    level: Level = Level.ALL_REGIONS
    timeout_seconds: int = 30


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is listed. Its times are as in RFC 3339. A service of an older version names no scopes."""

    id: str
    name: str
    created_at: str
    scopes: list[str] = []
    expires_at: str | None = None
    last_used_at: str | None = None


class IssuedApiKey(ApiKey, frozen=True, kw_only=True):
    """A key with its text, `key`, which the service shows only once."""

    key: str


class _Error(msgspec.Struct, frozen=True):
    message: str


class _Consistency(msgspec.Struct, frozen=True):
    state: str
    pending: list[str]


class _Meta(msgspec.Struct, frozen=True):
    consistency: _Consistency | None = None


class _Failed(msgspec.Struct, frozen=True):
    errors: list[_Error]
    meta: _Meta = _Meta()


class _Issued(msgspec.Struct, frozen=True):
    result: IssuedApiKey


class _Listed(msgspec.Struct, frozen=True):
    result: list[ApiKey]


class AdminApi:
    """The admin routes of one service. Every method raises `AdminError`."""

    def __init__(self, service: ServiceUrl, *, admin_key: str) -> None:
        self._service = service
        self._headers = {"Authorization": f"Bearer {admin_key}", "Content-Type": "application/json"}

    def issue(
        self, organization_id: str, wait: Wait, *, name: str = "", restrictions: Mapping[str, Any] = NO_RESTRICTIONS
    ) -> IssuedApiKey:
        """Issue a key with the label `name`, and return it once the regions of `wait` accept it.

        `restrictions` are further members of the body.
        """
        body = msgspec.json.encode({"name": name, **restrictions})
        response = self._ask("POST", _keys(organization_id), wait=wait, body=body)
        if response.status != http.HTTPStatus.CREATED:
            raise self._failure(response)
        return self._decoded(response, _Issued).result

    def keys(self, organization_id: str) -> list[ApiKey]:
        """All keys that this region knows, oldest first."""
        found: list[ApiKey] = []
        for number in range(PAGES_MAX):
            page = urlencode({"limit": PAGE_LENGTH, "offset": number * PAGE_LENGTH})
            response = self._ask("GET", f"{_keys(organization_id)}?{page}")
            if response.status != http.HTTPStatus.OK:
                raise self._failure(response)
            part = self._decoded(response, _Listed).result
            found += part
            if len(part) < PAGE_LENGTH:
                break
        return found

    def revoke(self, organization_id: str, key_id: str, wait: Wait) -> None:
        """Revoke a key permanently, and return once the regions of `wait` refuse it."""
        response = self._ask("DELETE", f"{_keys(organization_id)}/{key_id}", wait=wait)
        if response.status != http.HTTPStatus.NO_CONTENT:
            raise self._failure(response)

    def _ask(self, method: str, path: str, *, wait: Wait | None = None, body: bytes | None = None) -> Response:
        """The service's response. A write has an idempotency key: a proxy that repeats it changes nothing more."""
        seconds = _READ_SECONDS if wait is None else wait.timeout_seconds
        headers = {**self._headers, "SlashID-Required-Consistency-Timeout": str(seconds)}
        if wait is not None:
            headers["SlashID-Required-Consistency"] = wait.level
            headers["Idempotency-Key"] = str(uuid4())
        try:
            return call(
                self._service, method, path, headers=headers, body=body, seconds_max=seconds + _RESPONSE_SECONDS
            )
        except NotConnected as error:
            raise Unreachable(url=str(self._service), why=str(error)) from error
        except NotAnswered as error:
            raise Unanswered(url=str(self._service), why=str(error)) from error

    def _decoded(self, response: Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(response.body, type=kind)
        except msgspec.DecodeError as error:
            raise NotCrosshook(url=str(self._service), status=response.status) from error

    def _failure(self, response: Response) -> AdminError:
        """The error that the response reports."""
        url, status = str(self._service), response.status
        failed = self._decoded(response, _Failed)
        message = failed.errors[0].message if failed.errors else ""
        consistency = failed.meta.consistency
        if not message:
            return NotCrosshook(url=url, status=status)
        if consistency is not None:
            is_committed = consistency.state == "committed"
            return NotReached(message, is_committed=is_committed, pending=consistency.pending)
        match status:
            case http.HTTPStatus.BAD_REQUEST:
                return Invalid(message)
            case http.HTTPStatus.UNAUTHORIZED:
                return AdminKeyRefused(url=url)
            case http.HTTPStatus.NOT_FOUND:
                return NoAdminRoutes(url=url) if message.startswith(_NO_SUCH_ROUTE) else UnknownApiKey(message)
            case _:
                return Refused(url=url, status=status, message=message)


def _keys(organization_id: str) -> str:
    return f"/admin/organizations/{organization_id}/keys"
