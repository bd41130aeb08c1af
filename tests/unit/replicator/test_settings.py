from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from adapters.server_patches import Kind, Server
from replicator.settings import Settings, read_settings
from runtime.logs import LogFormat, LogLevel
from runtime.process import EXIT_BAD_SETTING, run

Variables = Mapping[str, str]


@pytest.fixture
def place(tmp_path: Path) -> Variables:
    """What every process is told."""
    path = tmp_path / "topology.toml"
    path.write_text('[regions.us-iowa]\nnats = ["nats://localhost:4222"]\nredis = "redis://localhost:6379/0"\n')
    return {"CROSSHOOK_TOPOLOGY": str(path), "CROSSHOOK_REGION": "us-iowa"}


async def never(settings: Settings) -> None:
    pytest.fail(f"it must not start with {settings}")


def test_with_a_place_alone_everything_else_has_a_default(place: Variables) -> None:
    settings = read_settings(place)
    assert (settings.host, settings.port) == ("127.0.0.1", 9080)
    assert (settings.log_format, settings.log_level) == (LogFormat.AUTO, LogLevel.INFO)
    assert settings.idle_seconds == 75
    assert settings.patched_servers == frozenset()
    assert not settings.is_first_start, "a lost log is created again only on an explicit setting"


def test_everything_can_be_set(place: Variables) -> None:
    settings = read_settings(
        {
            **place,
            "CROSSHOOK_LISTEN": "[::]:81",
            "CROSSHOOK_LOG_FORMAT": "console",
            "CROSSHOOK_LOG_LEVEL": "error",
            "CROSSHOOK_FIRST_START": "true",
            "CROSSHOOK_IDLE_SECONDS": "1",
            "CROSSHOOK_PATCHED_SERVERS": "redis 7.0.15",
        }
    )
    assert (settings.host, settings.port) == ("::", 81)
    assert (settings.log_format, settings.log_level) == (LogFormat.CONSOLE, LogLevel.ERROR)
    assert settings.is_first_start
    assert settings.patched_servers == {Server(Kind.REDIS, (7, 0, 15))}
    assert settings.idle_seconds == 1


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("CROSSHOOK_TOPOLOGY", "/nowhere.toml", "a file that can be read"),
        ("CROSSHOOK_REGION", "", "the name of a region of the topology file"),
        ("CROSSHOOK_LISTEN", "9080", "HOST:PORT such as 127.0.0.1:8081"),
        ("CROSSHOOK_LOG_FORMAT", "xml", "one of auto, json, console"),
        ("CROSSHOOK_LOG_LEVEL", "INFO", "one of debug, info, warning, error"),
        ("CROSSHOOK_FIRST_START", "yes", "true or false"),
        ("CROSSHOOK_PATCHED_SERVERS", "redis", "servers such as redis 7.0.15, nats 2.12.3"),
        ("CROSSHOOK_IDLE_SECONDS", "-1", "a number from 1 to 86400"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it_before_anything_starts(
    place: Variables, name: str, text: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(partial(read_settings, {**place, name: text}), never) == EXIT_BAD_SETTING
    output, error = capsys.readouterr()
    assert output == ""
    assert error.startswith(f"{name}: expected {expected}")
    assert error.endswith(f", got {text!r}\n")
    assert error.count("\n") == 1


def test_a_redis_address_whose_options_are_refused_is_one_line_before_anything_starts(
    place: Variables, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(place["CROSSHOOK_TOPOLOGY"])
    path.write_text(path.read_text().replace("6379/0", "6379/0?colour=red"))
    assert run(partial(read_settings, place), never) == EXIT_BAD_SETTING
    error = capsys.readouterr().err
    assert error.startswith(
        "CROSSHOOK_TOPOLOGY: expected a valid topology (region us-iowa: redis: unknown option 'colour'"
    )
    assert error.count("\n") == 1
