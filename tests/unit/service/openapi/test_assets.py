"""The page loads only its own files, and its policy allows them."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin

import msgspec
import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import TestClient

from core.fields import HeaderLimits
from service.http.problems import EXCEPTION_HANDLERS
from service.openapi.assets import ASSETS, CONTENT_SECURITY_POLICY
from service.openapi.document import SERVER, document
from service.openapi.routes import SCHEMA_ROUTES

CONTRACT = msgspec.json.encode(document(HeaderLimits()))
LOADING = {"src", "href", "srcset", "data", "action", "poster"}


class Page(HTMLParser):
    """What a page loads, and its inline scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.loaded += [value or "" for name, value in attrs if name in LOADING]
        self.inline += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's own name for it
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style"}:
            self.inline.append(data)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    app = Litestar(
        SCHEMA_ROUTES,
        dependencies={"contract": Provide(lambda: CONTRACT, sync_to_thread=False)},
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,
        openapi_config=None,
    )
    with TestClient(app) as client:
        yield client


def test_the_page_loads_its_own_files_and_the_document_and_has_no_script_or_style_of_its_own(
    client: TestClient[Litestar],
) -> None:
    page = Page(client.get("/schema").text)
    assert set(page.loaded) == {f"schema/{name}" for name in (*ASSETS, "openapi.json")}
    assert page.inline == []
    for path in page.loaded:
        assert client.get(path).status_code == 200


def test_a_page_that_breaks_these_rules_is_noticed() -> None:
    page = Page('<img src="//elsewhere/a.png" onerror="run()"><script>run()</script><p style="color: red">')
    assert (page.loaded, page.inline) == (["//elsewhere/a.png"], ["onerror", "run()", "style"])


def test_the_page_may_load_from_its_own_host_alone_and_run_files_alone(client: TestClient[Litestar]) -> None:
    response = client.get("/schema")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    directives = dict(directive.split(" ", 1) for directive in CONTENT_SECURITY_POLICY.split("; "))
    assert directives.pop("img-src") == "'self' data:"
    assert directives["default-src"] == "'none'"
    assert set(directives.values()) == {"'none'", "'self'"}


def test_no_file_of_the_page_names_a_host_to_load_from(client: TestClient[Litestar]) -> None:
    """Swagger UI's script names hosts: in name spaces, specifications and its validator, which start.js turns off."""
    style = client.get("/schema/swagger-ui.css").text
    assert {url.split(":")[0].strip("\"'") for url in re.findall(r"url\(([^)]*)", style)} == {"data"}
    assert "@import" not in style
    start = client.get("/schema/start.js").text
    assert "//" not in re.sub(r"(?m)^\s*//.*$", "", start)
    assert "validatorUrl: null" in start


def test_the_document_names_only_the_server_that_sends_it() -> None:
    assert [server["url"] for server in document(HeaderLimits())["servers"]] == [".."]


def test_the_page_and_the_document_work_below_a_prefix(client: TestClient[Litestar]) -> None:
    loaded = Page(client.get("/schema").text).loaded
    assert {urljoin("http://here/hooks/schema", path).rpartition("/")[0] for path in loaded} == {
        "http://here/hooks/schema"
    }
    assert not re.search(r"""["'`]/""", client.get("/schema/start.js").text)
    assert urljoin("http://here/hooks/schema/openapi.json", SERVER) == "http://here/hooks/"


def test_the_page_is_also_found_with_a_slash_at_its_end_and_below_a_prefix(client: TestClient[Litestar]) -> None:
    response = client.get("/schema/", follow_redirects=False)
    assert response.status_code == 308
    assert urljoin("http://here/hooks/schema/", response.headers["Location"]) == "http://here/hooks/schema"


@pytest.mark.parametrize("name", ASSETS)
def test_a_file_is_sent_with_its_own_type(client: TestClient[Litestar], name: str) -> None:
    response = client.get(f"/schema/{name}")
    assert response.headers["Content-Type"] == ASSETS[name][1]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.content


@pytest.mark.parametrize("path", ["page.html", "LICENSE", "..%2fassets.py", "%2e%2e", "start.js/", "", "nothing"])
def test_no_other_file_is_sent(client: TestClient[Litestar], path: str) -> None:
    response = client.get(f"/schema/{path}")
    if path.strip("/") in {"", "start.js"}:
        assert response.status_code == 200
    else:
        assert response.status_code == 404
        assert response.json()["errors"] == [
            {"httpcode": 404, "message": f"no such route: {response.request.url.path}"}
        ]


def test_the_document_is_sent_unchanged(client: TestClient[Litestar]) -> None:
    response = client.get("/schema/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert msgspec.json.decode(response.content) == msgspec.to_builtins(document(HeaderLimits()))
