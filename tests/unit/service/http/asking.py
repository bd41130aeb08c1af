"""Requests with valid headers, and how they are read."""

from typing import Any

from litestar import Request

from core.api_keys import api_key_text
from core.key_scopes import KeyScope
from service.http import requests
from service.http.authentication.admin_keys import AdminKey
from service.http.authentication.identification import Administrators, identify
from service.request.context import ReadRequest, WriteRequest

KEY_ID = "01a20c31-5483-73d5-8521-3cb5e9bcc1c7"
SECRET = bytes(range(32))
API_KEY = api_key_text(KEY_ID, SECRET)
ADMIN_KEY = "a" * 32
ADMINISTRATORS = Administrators([AdminKey("admin", ADMIN_KEY)])
ORGANIZATION = "af5fbd30-7ce7-4548-8b30-4cd59cb2aba1"
ARRIVAL = 100.0


def a_request(
    *headers: tuple[str, str], method: str = "POST", path: str = "/organizations/webhooks", body: bytes = b"{}"
) -> Request[Any, Any, Any]:
    """A request with `headers`. It gets a valid organization and key unless `headers` has them."""
    given = {name.lower() for name, _ in headers}
    usual = [
        (name, value)
        for name, value in (("SlashID-OrgID", ORGANIZATION), ("SlashID-API-Key", API_KEY))
        if name.lower() not in given
    ]
    path, _, query = path.partition("?")

    return Request(
        {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in (*usual, *headers)],
            "crosshook.arrival": ARRIVAL,
            "crosshook.body": body,
            "path_params": {"organization_id": ORGANIZATION.upper()},
        }  # type: ignore[arg-type]
    )


def write_request(request: Request[Any, Any, Any]) -> WriteRequest:
    return requests.write_request(request, identify(request, KeyScope.WRITE))


def read_request(request: Request[Any, Any, Any]) -> ReadRequest:
    return requests.read_request(request, identify(request, KeyScope.READ))
