"""The example organization's API key: issued once for a data directory and kept in it."""

import http
import re
from collections.abc import Sequence
from pathlib import Path

from cli.admin_api import AdminApi, Wait
from cli.guide import ORGANIZATION
from cli.service_call import NotAnswered, NotConnected, call, parse_service_url
from deploy.logins import write_private

FILE = "example-api-key"
_SECONDS_MAX = 10
_KEY_CHARACTERS_MAX = 200
_KEY = re.compile(r"[!-~]+")


def example_key(directory: Path, *, services: Sequence[str], admin_key: str, name: str) -> str:
    """An API key of the example organization. Raises `AdminError`, and `OSError` if the key cannot be kept.

    The key in `directory` is used again while all of `services` accept it, since the number of an organization's keys
    is limited. Otherwise the first service issues a key called `name`, which every region accepts.
    """
    path = directory / FILE
    kept = _kept(path)
    if kept and all(_is_let_in(kept, service) for service in services):
        return kept
    issued = AdminApi(parse_service_url(services[0]), admin_key=admin_key).issue(ORGANIZATION, Wait(), name=name).key
    write_private(path, f"{issued}\n")
    return issued


def _kept(path: Path) -> str:
    """The key in the file; `""` if it has none that is valid in a header."""
    try:
        with path.open(encoding="ascii") as file:
            text = file.read(_KEY_CHARACTERS_MAX).strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if _KEY.fullmatch(text) else ""


def _is_let_in(api_key: str, service: str) -> bool:
    headers = {"SlashID-OrgID": ORGANIZATION, "SlashID-API-Key": api_key}
    path = "/organizations/webhooks?limit=1"
    try:
        response = call(parse_service_url(service), "GET", path, headers=headers, seconds_max=_SECONDS_MAX)
    except (NotConnected, NotAnswered):
        return False
    return response.status == http.HTTPStatus.OK
