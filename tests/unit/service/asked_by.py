"""Requests by made-up callers."""

from core.api_keys import Credentials
from service.request.context import Caller, Identified
from service.request.held import Held
from service.request.timing import Timing

ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"


def asked_by(
    credentials: Credentials | None = None, *, organization_id: str = ORGANIZATION, admin_id: str = "admin"
) -> Identified:
    """A request that holds nothing yet: of the caller with `credentials`, or else of an administrator."""
    return Identified(caller=Caller(organization_id, credentials, admin_id), timing=Timing(), held=Held())
