"""The page loads only its own files, and its policy allows them."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import TestClient

from core.positions import Region
from core.topology import parse_topology
from runtime.health import Health
from service.dashboard.assets import ASSETS, CONTENT_SECURITY_POLICY
from service.dashboard.board import Board
from service.dashboard.listeners import ListenerBounds
from service.dashboard.routes import DASHBOARD_ROUTES, NO_SAMPLE
from service.http.problems import EXCEPTION_HANDLERS
from service.http.write_latency import WriteLatencies
from service.lag.sampling import LagSampling
from tests.unit.service.openapi.test_assets import Page

HERE = Region("us-iowa")
OWN = {name for name, (directory, _) in ASSETS.items() if directory == "page"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    app = Litestar(
        DASHBOARD_ROUTES,
        dependencies={"board": Provide(lambda: None, sync_to_thread=False)},
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,
        openapi_config=None,
    )
    with TestClient(app) as client:
        yield client


def test_the_page_loads_its_own_files_and_has_no_script_or_style_of_its_own(client: TestClient[Litestar]) -> None:
    page = Page(client.get("/dashboard").text)
    links = {"schema", "readyz", "metrics"}
    imported = {
        f"dashboard/{name}"
        for script in OWN
        if script.endswith(".js")
        for name in re.findall(r'from "\./(.*)"', client.get(f"/dashboard/{script}").text)
    }
    assert set(page.loaded) - links | imported == {f"dashboard/{name}" for name in ASSETS}
    assert page.inline == []


def test_the_page_works_below_a_prefix(client: TestClient[Litestar]) -> None:
    page = client.get("/dashboard")
    for name in OWN - {"icon.svg"}:
        assert not re.search(r"""["'`]/""", client.get(f"/dashboard/{name}").text), name
    assert all(
        urljoin("http://here/hooks/dashboard", path).startswith("http://here/hooks/") for path in Page(page.text).loaded
    )
    response = client.get("/dashboard/", follow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (308, "../dashboard")


def test_the_page_may_load_from_its_own_host_alone_and_run_files_alone(client: TestClient[Litestar]) -> None:
    response = client.get("/dashboard")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    directives = dict(directive.split(" ", 1) for directive in CONTENT_SECURITY_POLICY.split("; "))
    assert directives["default-src"] == "'none'"
    assert set(directives.values()) == {"'none'", "'self'"}


@pytest.mark.parametrize("name", sorted(OWN))
def test_no_file_of_the_page_names_a_host(client: TestClient[Litestar], name: str) -> None:
    text = re.sub(r"(?m)^\s*//.*$", "", client.get(f"/dashboard/{name}").text)
    assert set(re.findall(r"https?://[^\s\"']*", text)) <= {"http://www.w3.org/2000/svg"}
    assert "url(" not in text
    assert "@import" not in text
    assert "innerHTML" not in text


def test_the_library_is_the_one_whose_licence_is_beside_it() -> None:
    directory = Path(__file__).parents[4] / "service" / "dashboard" / "uplot"
    version = (directory / "README.md").read_text().splitlines()[0].removeprefix("# uPlot ")
    script = (directory / "uPlot.iife.min.js").read_text()
    assert f"(v{version})" in script.splitlines()[0]
    assert (directory / "LICENSE").read_text().startswith("The MIT License")
    assert hashlib.sha256(script.encode()).hexdigest() == SCRIPT_SHA256, "the copy is unchanged"


SCRIPT_SHA256 = "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"


@pytest.fixture
def board() -> Board:
    """A source that has no sample yet."""
    nothing = cast("Any", None)
    address = {"nats": ["nats://127.0.0.1:4222"], "redis": "redis://127.0.0.1:6379/0"}
    topology = parse_topology({"regions": {HERE: address}}, here=HERE)
    return Board(
        LagSampling(
            HERE, topology=topology, region=nothing, log_state=nothing, logs=nothing, now_milliseconds=lambda: 0
        ),
        topology=topology,
        health=lambda: Health(HERE, {}, {}),
        waiting_for={},
        latencies=WriteLatencies(),
        process="here:8080",
        bounds=ListenerBounds(listeners_max=1, address_listeners_max=1),
    )


@pytest.mark.parametrize("name", ASSETS)
def test_a_file_is_sent_with_its_own_type(client: TestClient[Litestar], name: str) -> None:
    response = client.get(f"/dashboard/{name}")
    assert response.headers["Content-Type"] == ASSETS[name][1]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.content


def test_without_a_recent_sample_the_response_is_an_error_and_not_an_old_lag(board: Board) -> None:
    app = Litestar(
        DASHBOARD_ROUTES,
        dependencies={"board": Provide(lambda: board, sync_to_thread=False)},
        logging_config=None,
        openapi_config=None,
    )
    with TestClient(app) as client:
        response = client.get("/dashboard/lag")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.json()["errors"] == [{"httpcode": 503, "message": NO_SAMPLE}]


@pytest.mark.parametrize("path", ["page.html", "LICENSE", "..%2fassets.py", "%2e%2e", "nothing"])
def test_no_other_file_is_sent(client: TestClient[Litestar], path: str) -> None:
    response = client.get(f"/dashboard/{path}")
    assert response.status_code == 404
    assert response.json()["errors"] == [{"httpcode": 404, "message": f"no such route: {response.request.url.path}"}]
