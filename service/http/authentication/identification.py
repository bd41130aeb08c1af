"""Identification: the caller that a request names, and what it shows of its key."""

import hmac
from collections.abc import Iterable

from core.api_keys import Credentials, Unauthenticated, credentials_in
from core.fields import InvalidField
from core.key_scopes import KeyScope
from service.http import parameters
from service.http.authentication.admin_keys import AdminKey
from service.http.headers import API_KEY, AUTHORIZATION, AnyRequest, only, value_of
from service.http.identifiers import uuid_in
from service.request.context import Caller, Identified
from service.request.scope import identified


class NotTheAdministrator(Unauthenticated):
    """The admin key is missing, or none of this service's."""


def identify(request: AnyRequest, scope: KeyScope) -> Identified:
    """A request in the name of an organization, which needs `scope`. Raises `Unauthenticated`, `InvalidHeader`."""
    credentials = shown_by(request)
    return identified(request.scope, Caller(organization_in(request), credentials), scope)


def shown_by(request: AnyRequest) -> Credentials:
    """What the request shows of its API key. Raises `Unauthenticated` if it is no key, `InvalidHeader`."""
    return credentials_in(only(request, API_KEY) or "")


def organization_in(request: AnyRequest) -> str:
    """The organization that the request is about. Raises `InvalidHeader`."""
    return value_of(request, parameters.ORGANIZATION)


class Administrators:
    """The callers of the admin routes. Their keys stand in for an organization's."""

    def __init__(self, admin_keys: Iterable[AdminKey]) -> None:
        self._ids = [(f"Bearer {one.text}".encode(), one.admin_id) for one in admin_keys]

    def identify(self, request: AnyRequest) -> Identified:
        """A request by an administrator. Raises `NotTheAdministrator`, `InvalidHeader`, `InvalidField`."""
        admin_id = self.id_of(request)
        organization_id = uuid_in(str(request.path_params["organization_id"]))
        if organization_id is None:
            raise InvalidField("organization_id", "expected a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1")
        return identified(request.scope, Caller(organization_id, credentials=None, admin_id=admin_id))

    def id_of(self, request: AnyRequest) -> str:
        """The id of the admin key that a request shows. Raises `NotTheAdministrator`, `InvalidHeader`.

        All keys are compared, so that the time does not tell which one it is.
        """
        found, text = "", (only(request, AUTHORIZATION) or "").encode()
        for expected, admin_id in self._ids:
            if hmac.compare_digest(text, expected):
                found = admin_id
        if not found:
            raise NotTheAdministrator
        return found
