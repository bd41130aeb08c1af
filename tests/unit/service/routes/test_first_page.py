"""`/` links to the other pages, and the usual paths lead to them."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import TestClient

from service.dashboard.routes import DASHBOARD_ROUTES
from service.http.problems import EXCEPTION_HANDLERS
from service.openapi.routes import SCHEMA_ROUTES
from service.routes.first_page import CONTENT_SECURITY_POLICY, FIRST_PAGE_ROUTES, SHORT_WAYS
from tests.unit.service.openapi.test_assets import Page

OF_THE_PROCESS = {"readyz", "metrics"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    app = Litestar(
        [*FIRST_PAGE_ROUTES, *SCHEMA_ROUTES, *DASHBOARD_ROUTES],
        dependencies={
            "board": Provide(lambda: None, sync_to_thread=False),
            "contract": Provide(lambda: b"{}", sync_to_thread=False),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,
        openapi_config=None,
    )
    with TestClient(app) as client:
        yield client


def test_the_page_links_to_the_dashboard_and_the_api_and_has_no_script_or_style(client: TestClient[Litestar]) -> None:
    page = Page(client.get("/").text)
    linked = {"dashboard", "schema", "schema/openapi.json", "dashboard/icon.svg"}
    assert set(page.loaded) == linked | OF_THE_PROCESS
    assert page.inline == []
    for path in linked:
        assert client.get(urljoin("/", path)).status_code == 200


def test_the_page_may_load_images_from_its_own_host_alone(client: TestClient[Litestar]) -> None:
    response = client.get("/")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    directives = dict(directive.split(" ", 1) for directive in CONTENT_SECURITY_POLICY.split("; "))
    assert directives.pop("img-src") == "'self'"
    assert set(directives.values()) == {"'none'"}


@pytest.mark.parametrize("prefix", ["/", "/hooks/"])
def test_the_links_work_below_a_prefix(client: TestClient[Litestar], prefix: str) -> None:
    found = {urljoin(f"http://here{prefix}", path) for path in Page(client.get("/").text).loaded}
    assert f"http://here{prefix}dashboard" in found
    assert all(url.startswith(f"http://here{prefix}") for url in found)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", SHORT_WAYS)
def test_the_usual_paths_lead_to_the_schema(client: TestClient[Litestar], path: str, slash: str) -> None:
    response = client.get(f"{path}{slash}", follow_redirects=False)
    assert (response.status_code, response.content) == (308, b"")
    assert urljoin(f"/hooks{path}{slash}", response.headers["Location"]) == f"/hooks/{SHORT_WAYS[path]}"
    assert client.get(f"{path}{slash}").status_code == 200
