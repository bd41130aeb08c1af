"""The caller, by the headers of a request."""

from typing import Any

import pytest
from litestar import Request

from core.api_keys import Unauthenticated, digest_of
from core.key_scopes import KeyScope
from service.http.authentication.admin_keys import AdminKey
from service.http.authentication.identification import Administrators, NotTheAdministrator, identify
from service.http.headers import InvalidHeader
from service.request.scope import identified_in
from tests.unit.service.http.asking import (
    ADMIN_KEY,
    ADMINISTRATORS,
    API_KEY,
    KEY_ID,
    ORGANIZATION,
    SECRET,
    a_request,
    read_request,
    write_request,
)


def organization_id(request: Request[Any, Any, Any]) -> str:
    return identify(request, KeyScope.READ).caller.organization_id


@pytest.mark.parametrize("name", ["SlashID-OrgID", "slashid-orgid", "SLASHID-ORGID"])
def test_the_case_of_the_organization_header_does_not_matter(name: str) -> None:
    assert organization_id(a_request((name, ORGANIZATION))) == ORGANIZATION


def test_the_case_of_an_organization_id_does_not_matter() -> None:
    assert organization_id(a_request(("SlashID-OrgID", ORGANIZATION.upper()))) == ORGANIZATION


@pytest.mark.parametrize(
    "value",
    [
        "",
        "acme",
        ORGANIZATION[:-1],
        ORGANIZATION + "0",
        ORGANIZATION.replace("-", ""),
        "{" + ORGANIZATION + "}",
        "urn:uuid:" + ORGANIZATION,
        ORGANIZATION.replace("a", "g"),
        ORGANIZATION.replace("-", "_"),
        ORGANIZATION + "\n",
        ORGANIZATION + "," + ORGANIZATION,
        "\u00e9" * 36,
        "0x" + ORGANIZATION[2:],
    ],
)
def test_an_organization_id_that_is_not_a_uuid_is_refused(value: str) -> None:
    with pytest.raises(InvalidHeader, match=r"^header SlashID-OrgID: expected a UUID such as"):
        organization_id(a_request(("SlashID-OrgID", value)))


def test_a_missing_organization_is_refused() -> None:
    with pytest.raises(InvalidHeader, match=r"^header SlashID-OrgID: expected a UUID such as"):
        organization_id(a_request(("SlashID-OrgID", "")))


def test_a_key_shows_its_id_and_the_digest_of_its_secret_and_not_the_secret() -> None:
    caller = read_request(a_request()).caller
    assert caller.credentials is not None
    assert (caller.credentials.key_id, caller.credentials.digest) == (KEY_ID, digest_of(SECRET))
    assert caller.author == KEY_ID


@pytest.mark.parametrize(
    "value",
    ["", "x", API_KEY[:-1], API_KEY + "A", API_KEY.upper(), API_KEY.replace("_", "-", 1), " " + API_KEY, "\u00e9" * 86],
)
def test_a_malformed_key_is_refused_whatever_else_is_wrong(value: str) -> None:
    bad = [("SlashID-OrgID", "x"), ("SlashID-Required-Consistency", "x"), ("SlashID-Consistency-Token", "x")]
    with pytest.raises(Unauthenticated):
        write_request(a_request(("SlashID-API-Key", value), *bad))
    with pytest.raises(Unauthenticated):
        read_request(a_request(("SlashID-API-Key", value), *bad))


def test_the_admin_key_lets_in_and_names_the_organization_of_the_path() -> None:
    caller = ADMINISTRATORS.identify(a_request(("Authorization", f"Bearer {ADMIN_KEY}"))).caller
    assert (caller.organization_id, caller.credentials, caller.author) == (ORGANIZATION, None, "admin")


def test_each_admin_key_names_its_holder() -> None:
    administrators = Administrators([AdminKey("admin", ADMIN_KEY), AdminKey("night-shift", "b" * 32)])
    authors = [
        administrators.identify(a_request(("Authorization", f"Bearer {key}"))).caller.author
        for key in (ADMIN_KEY, "b" * 32)
    ]
    assert authors == ["admin", "admin:night-shift"]


def test_without_an_admin_key_no_admin_key_lets_in() -> None:
    for value in ("", "Bearer ", "Bearer"):
        with pytest.raises(NotTheAdministrator):
            Administrators(()).identify(a_request(("Authorization", value)))


@pytest.mark.parametrize("value", ["", "Bearer ", f"bearer {ADMIN_KEY}", ADMIN_KEY, f"Bearer {ADMIN_KEY}a", "\u00e9"])
def test_any_other_admin_key_is_refused(value: str) -> None:
    with pytest.raises(NotTheAdministrator):
        ADMINISTRATORS.identify(a_request(("Authorization", value), ("Idempotency-Key", "")))


def test_the_scope_of_a_request_carries_its_caller() -> None:
    request = a_request()
    assert identified_in(request.scope) is None
    assert identify(request, KeyScope.WRITE) is identified_in(request.scope)
