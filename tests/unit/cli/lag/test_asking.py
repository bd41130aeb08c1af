"""The first service that answers is asked, and a message names those that do not."""

from collections.abc import Iterator

import msgspec
import pytest
from click.testing import CliRunner, Result

from cli.__main__ import main
from cli.lag.asking import PATH
from tests.unit.cli.lag.shown import JAPAN, at_most, shown
from tests.unit.cli.scripted_service import Said, ScriptedService, refused, scripted

NOWHERE = "http://127.0.0.1:9"
SHOWN = msgspec.json.encode(shown({(JAPAN, JAPAN): at_most(3, 2_100)}))


def lag(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["lag", *arguments], env=environment)


@pytest.fixture(autouse=True)
def _apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No demo is found."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("t")))
    for name in ("CROSSHOOK_URL", "CROSSHOOK_LISTEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with scripted(lambda _: Said(200, SHOWN)) as service:
        yield service


def test_lag_asks_a_service_only_for_what_its_page_shows(service: ScriptedService) -> None:
    ended = lag("--url", service.url)
    assert ended.exit_code == 0
    assert "seen from us-iowa, by its process here:8081" in ended.output
    assert "asia-japan: ≤ 3 events, ≤ 2.1 s" in ended.output
    assert [(asked.method, asked.path) for asked in service.asked] == [("GET", PATH)]


def test_a_service_that_does_not_answer_is_passed_over(service: ScriptedService) -> None:
    assert "seen from us-iowa" in lag("--url", NOWHERE, "--url", service.url).output


def test_the_environment_names_services_and_the_command_line_wins(service: ScriptedService) -> None:
    assert lag(CROSSHOOK_URL=service.url).exit_code == 0
    assert lag("--url", service.url, CROSSHOOK_URL=NOWHERE).exit_code == 0
    assert "the demo named 'mine' does not run" in lag("--name", "mine", CROSSHOOK_URL=service.url).output
    assert len(service.asked) == 2


@pytest.mark.parametrize("host", ["[::]", "0.0.0.0", "127.0.0.1"])  # noqa: S104 - as the image listens
def test_in_the_container_of_a_service_that_one_is_asked(service: ScriptedService, host: str) -> None:
    port = service.url.rpartition(":")[2]
    assert lag(CROSSHOOK_LISTEN=f"{host}:{port}").exit_code == 0


OTHERWISE = "it answered 200, not as a service of this version does"


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (refused(404, "no such route: /dashboard/lag"), "it answered 404: no such route: /dashboard/lag"),
        (Said(200, b'{"regions": []}'), OTHERWISE),
        (Said(200, b"<html>"), OTHERWISE),
        (refused(503, "no sample; try again"), "it answered 503: no sample; try again"),
        (Said(200, SHOWN, length=len(SHOWN) + 1), "the response is not complete"),
    ],
    ids=["a replicator", "an older service", "no service", "not ready", "broken off"],
)
def test_an_address_with_another_response_is_named_in_one_line_with_the_remedy(response: Said, why: str) -> None:
    with scripted(lambda _: response) as other:
        ended = lag("--url", other.url)
    assert ended.exit_code == 1
    remedy = "name the address of a region's service with --url"
    assert ended.output == f"Error: no service shows the lag: {other.url}: {why}; {remedy}\n"


def test_of_many_services_that_do_not_answer_three_are_named() -> None:
    output = lag(*(part for _ in range(5) for part in ("--url", NOWHERE))).output
    assert output.count(NOWHERE) == 3
    assert "; and 2 more; " in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--url", "ftp://here"), "--url: expected a URL such as http://10.0.0.7:8080, without user, query and #"),
        (
            ("--url", NOWHERE, "--region", "us-iowa"),
            "--region names a region of a demo; with --url give the address of a service there",
        ),
        (("--url", NOWHERE, "--name", "mine"), "--name names a demo and --url a deployment; give only one of them"),
    ],
)
def test_options_that_contradict_each_other_are_one_line(arguments: tuple[str, ...], message: str) -> None:
    ended = lag(*arguments)
    assert (ended.exit_code, ended.output) == (2, f"Error: {message}\n")
