"""One table lists which routes need a key, take a place, and are logged."""

import pytest

from service.http.policies import NO_ROUTE_POLICY, Key
from service.openapi.document import document
from service.request.limits import Limits
from service.routes.policies import POLICIES

PATHS = document(Limits().headers)["paths"]


@pytest.mark.parametrize("path", sorted(PATHS))
def test_each_route_asks_for_the_key_that_its_description_names(path: str) -> None:
    schemes = {scheme for operation in PATHS[path].values() for used in operation["security"] for scheme in used}
    key = {frozenset(): Key.NONE, frozenset({"api_key"}): Key.ORGANIZATION, frozenset({"admin_key"}): Key.ADMIN}
    assert POLICIES.of(path).key is key[frozenset(schemes)]


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/metrics", "/dashboard", "/dashboard/events", "/dashboard/none"]
)
def test_a_full_process_still_answers_requests_about_itself(path: str) -> None:
    assert POLICIES.of(path)[:3] == (Key.NONE, False, False)


@pytest.mark.parametrize("path", ["", "*", "//", "/docs/none", "/livezz", "/dashboards", "/none/organizations"])
def test_a_path_without_a_route_takes_a_place_and_is_logged(path: str) -> None:
    assert POLICIES.of(path) is NO_ROUTE_POLICY
