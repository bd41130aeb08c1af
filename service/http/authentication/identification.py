"""Identification: the caller that a request names, and what it shows of its key."""

import hmac

from core.api_keys import Unauthenticated, credentials_in
from core.fields import InvalidField
from service.http import parameters
from service.http.headers import API_KEY, AUTHORIZATION, AnyRequest, only, value_of
from service.http.identifiers import uuid_in
from service.request.context import Caller, Identified
from service.request.scope import identified


class NotTheAdministrator(Unauthenticated):
    """The admin key is missing, or another one."""


def identify(request: AnyRequest) -> Identified:
    """A request in the name of an organization. Raises `Unauthenticated`, `InvalidHeader`."""
    credentials = credentials_in(only(request, API_KEY) or "")
    return identified(request.scope, Caller(organization_in(request), credentials))


def organization_in(request: AnyRequest) -> str:
    """The organization that the request is about. Raises `InvalidHeader`."""
    return value_of(request, parameters.ORGANIZATION)


class Administrator:
    """The caller of the admin routes. Its key stands in for an organization's."""

    def __init__(self, admin_key: str) -> None:
        self._shown = f"Bearer {admin_key}".encode()

    def identify(self, request: AnyRequest) -> Identified:
        """A request by the administrator. Raises `NotTheAdministrator`, `InvalidHeader`, `InvalidField`."""
        shown = only(request, AUTHORIZATION) or ""
        if not hmac.compare_digest(shown.encode(), self._shown):
            raise NotTheAdministrator
        organization_id = uuid_in(str(request.path_params["organization_id"]))
        if organization_id is None:
            raise InvalidField("organization_id", "expected a UUID such as af5fbd30-7ce7-4548-8b30-4cd59cb2aba1")
        return identified(request.scope, Caller(organization_id, credentials=None))
