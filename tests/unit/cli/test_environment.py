"""In the containers of a deployment the environment names the service or region of a command. The command line wins."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from cli.__main__ import main
from deploy.local.control.messages import Answer, CutRegion, Done, Request
from tests.unit.cli.scripted_service import ScriptedService, said, scripted

ADMIN_KEY = "k" * 32


def crosshook(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environment)


@pytest.fixture(autouse=True)
def _apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No demo is found."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("t")))


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with scripted(lambda _: said(200, result=[])) as service:
        yield service


def test_keys_asks_the_service_of_the_environment_with_the_admin_key_of_a_file(
    service: ScriptedService, tmp_path: Path
) -> None:
    (tmp_path / "admin-key").write_text(ADMIN_KEY)
    ended = crosshook(
        "keys", "list", str(uuid4()), CROSSHOOK_URL=service.url, CROSSHOOK_ADMIN_KEY_FILE=str(tmp_path / "admin-key")
    )
    assert ended.exit_code == 0
    assert service.asked[0].headers["Authorization"] == f"Bearer {ADMIN_KEY}"
    assert "--url" not in ended.output, "the printed command needs no option that the environment replaces"


def test_a_named_demo_wins_over_the_service_of_the_environment(service: ScriptedService) -> None:
    ended = crosshook(
        "keys", "list", str(uuid4()), "--name", "mine", CROSSHOOK_URL=service.url, CROSSHOOK_ADMIN_KEY=ADMIN_KEY
    )
    assert "the demo named 'mine' does not run" in ended.output
    assert not service.asked


def test_link_acts_on_the_region_of_the_environment_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []

    def done(_: str, request: Request, **_options: float) -> Answer:
        asked.append(request)
        return Done()

    monkeypatch.setattr("cli.running.ask", done)
    assert "asia-japan is cut off" in crosshook("link", "cut", CROSSHOOK_REGION="asia-japan").output
    crosshook("link", "cut", "us-iowa", CROSSHOOK_REGION="asia-japan")
    assert asked == [CutRegion("asia-japan"), CutRegion("us-iowa")]
    assert crosshook("link", "cut").exit_code == 2


def test_link_delay_prints_which_connections_it_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.running.ask", lambda *_, **__: Done("this holds for a"))
    assert crosshook("link", "delay", "a", "b", "40").output == (
        "a round trip between a and b takes 40 ms; this holds for a\n"
    )
