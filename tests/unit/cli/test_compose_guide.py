"""The lines that the guide's container prints can be pasted into a shell beside docker-compose.yml."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from cli.compose_guide import main
from tests.unit.cli.scripted_service import Asked, Said, ScriptedService, said, scripted

ROOT = Path(__file__).parents[3]
PLACES = ["us-iowa=http://127.0.0.1:8081", "asia-japan=http://127.0.0.1:8083"]


def response(asked: Asked) -> Said:
    if asked.method == "POST":
        return said(201, result={"id": "1", "name": "", "created_at": "", "key": "the-key"})
    return said(200, result=[])


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with scripted(response) as service:
        yield service


def printed(service: ScriptedService, directory: Path, *places: str, admin_key: str = "k" * 32) -> Result:
    environment = {"CROSSHOOK_URL": service.url, "CROSSHOOK_ADMIN_KEY": admin_key}
    return CliRunner().invoke(main, ["--directory", str(directory), *places], env=environment)


def test_it_prints_lines_with_a_key_and_the_same_key_the_next_time(service: ScriptedService, tmp_path: Path) -> None:
    first, again = (printed(service, tmp_path, *PLACES).output for _ in range(2))
    assert first == again
    assert "\nKEY=the-key\n" in first
    assert "curl -sS http://127.0.0.1:8081/organizations/webhooks" in first
    assert [asked.method for asked in service.asked] == ["POST", "GET"]


def test_the_commands_that_it_prints_fit_the_compose_file(service: ScriptedService, tmp_path: Path) -> None:
    output = printed(service, tmp_path, *PLACES).output
    services = msgspec.yaml.decode((ROOT / "docker-compose.yml").read_bytes())["services"]
    assert "\ndocker compose exec asia-japan-link crosshook link cut asia-japan\n" in output
    assert "asia-japan-link" in services
    assert "\ndocker compose run --rm -T crosshook keys list " in output
    assert services["crosshook"]["entrypoint"] == ["crosshook"]
    # `run` starts what a service depends on. A region may be stopped on purpose, so this service depends on nothing.
    assert "depends_on" not in services["crosshook"]


@pytest.mark.parametrize(("places", "admin_key"), [(["us-iowa"], "k" * 32), (PLACES, "short")])
def test_misuse_is_one_line(service: ScriptedService, tmp_path: Path, places: list[str], admin_key: str) -> None:
    ended = printed(service, tmp_path, *places, admin_key=admin_key)
    assert ended.exit_code == 2
    assert ended.output.startswith("Error: ")
    assert len(ended.output.splitlines()) == 1
