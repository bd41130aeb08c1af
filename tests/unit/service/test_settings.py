from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from adapters.server_patches import Kind, Server
from core.fields import HeaderLimits
from runtime.bounds import Bounds
from runtime.logs import LogFormat, LogLevel
from runtime.process import EXIT_BAD_SETTING, run
from service.http.authentication.admin_keys import AdminKey
from service.request.limits import Limits
from service.settings import Settings, read_settings
from service.writes.frame_use import Frames
from service.writes.key_uses import LastUsed

Variables = Mapping[str, str]


@pytest.fixture
def place(tmp_path: Path) -> Variables:
    """The settings that every process needs."""
    path = tmp_path / "topology.toml"
    path.write_text('[regions.us-iowa]\nnats = ["nats://localhost:4222"]\nredis = "redis://localhost:6379/0"\n')
    return {"CROSSHOOK_TOPOLOGY": str(path), "CROSSHOOK_REGION": "us-iowa"}


async def never(settings: Settings) -> None:
    pytest.fail(f"it must not start with {settings}")


def test_every_setting_but_the_region_and_the_topology_has_a_default(place: Variables) -> None:
    settings = read_settings(place)
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.drain_seconds == 10
    assert settings.bounds == Bounds(
        idle_seconds=75,
        address_connections_max=10_000,
        trusted_proxies=0,
        buffered_bytes_max=67_108_864,
        key_headers=(b"slashid-api-key", b"authorization"),
    )
    assert (settings.log_format, settings.log_level) == (LogFormat.AUTO, LogLevel.INFO)
    assert settings.clock.offset_milliseconds == 0
    assert settings.append_seconds == 2
    assert (settings.requests_max, settings.tail_events_max) == (10_000, 10_000)
    assert (settings.organization_requests_max, settings.idempotency_keys_max) == (1_000, 100_000)
    assert settings.body_bytes_max == 65_536
    assert settings.operation_hours == 24
    assert not settings.trusts_traceparent
    assert (settings.dashboard_listeners_max, settings.address_listeners_max) == (100, 20)
    assert settings.limits == Limits(webhooks_max=1_000, api_keys_max=100, headers=HeaderLimits(64, 1_024))
    assert settings.admin_keys == (), "no default key gives access"
    assert settings.frames is Frames.AUTO
    assert settings.last_used is LastUsed.DAILY


def test_everything_can_be_set(place: Variables) -> None:
    settings = read_settings(
        {
            **place,
            "CROSSHOOK_LISTEN": "[::]:81",
            "CROSSHOOK_DRAIN_SECONDS": "0.5",
            "CROSSHOOK_IDLE_SECONDS": "350.5",
            "CROSSHOOK_LOG_FORMAT": "json",
            "CROSSHOOK_LOG_LEVEL": "debug",
            "CROSSHOOK_CLOCK_OFFSET_MILLISECONDS": "-3600000",
            "CROSSHOOK_APPEND_SECONDS": "0.1",
            "CROSSHOOK_FRAMES": "never",
            "CROSSHOOK_LAST_USED": "never",
            "CROSSHOOK_ADDRESS_CONNECTIONS_MAX": "10",
            "CROSSHOOK_BUFFERED_BYTES_MAX": "4194304",
            "CROSSHOOK_TRUSTED_PROXIES": "2",
            "CROSSHOOK_REQUESTS_MAX": "1",
            "CROSSHOOK_TAIL_EVENTS_MAX": "2",
            "CROSSHOOK_ORGANIZATION_REQUESTS_MAX": "3",
            "CROSSHOOK_RETRY_KEYS_MAX": "4",
            "CROSSHOOK_BODY_BYTES_MAX": "2048",
            "CROSSHOOK_OPERATION_HOURS": "9",
            "CROSSHOOK_WEBHOOKS_MAX": "5",
            "CROSSHOOK_API_KEYS_MAX": "6",
            "CROSSHOOK_CUSTOM_HEADERS_MAX": "7",
            "CROSSHOOK_CUSTOM_HEADER_BYTES_MAX": "8",
            "CROSSHOOK_ADMIN_KEY": "a" * 32,
            "CROSSHOOK_TRUST_TRACEPARENT": "true",
            "CROSSHOOK_DASHBOARD_LISTENERS_MAX": "12",
            "CROSSHOOK_ADDRESS_LISTENERS_MAX": "11",
            "CROSSHOOK_PATCHED_SERVERS": "redis 7.0.15",
        }
    )
    assert (settings.host, settings.port, settings.drain_seconds) == ("::", 81, 0.5)
    assert settings.bounds == Bounds(
        idle_seconds=350.5,
        address_connections_max=10,
        trusted_proxies=2,
        buffered_bytes_max=4_194_304,
        key_headers=(b"slashid-api-key", b"authorization"),
    )
    assert (settings.log_format, settings.log_level) == (LogFormat.JSON, LogLevel.DEBUG)
    assert settings.clock.offset_milliseconds == -3_600_000
    assert (settings.organization_requests_max, settings.idempotency_keys_max, settings.body_bytes_max) == (3, 4, 2_048)
    assert settings.limits == Limits(webhooks_max=5, api_keys_max=6, headers=HeaderLimits(7, 8))
    assert settings.admin_keys == (AdminKey("admin", "a" * 32),)
    assert settings.operation_hours == 9
    assert settings.patched_servers == {Server(Kind.REDIS, (7, 0, 15))}
    assert settings.frames is Frames.NEVER
    assert settings.last_used is LastUsed.NEVER
    assert settings.trusts_traceparent
    assert (settings.dashboard_listeners_max, settings.address_listeners_max) == (12, 11)
    assert (settings.append_seconds, settings.requests_max, settings.tail_events_max) == (0.1, 1, 2)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("CROSSHOOK_TOPOLOGY", "/nowhere.toml", "a file that can be read"),
        ("CROSSHOOK_REGION", "", "the name of a region of the topology file"),
        ("CROSSHOOK_LISTEN", "here", "HOST:PORT such as 127.0.0.1:8081"),
        ("CROSSHOOK_DRAIN_SECONDS", "soon", "a number from 0 to 60"),
        ("CROSSHOOK_DRAIN_SECONDS", "61", "a number from 0 to 60"),
        ("CROSSHOOK_IDLE_SECONDS", "0", "a number from 1 to 86400"),
        ("CROSSHOOK_IDLE_SECONDS", "forever", "a number from 1 to 86400"),
        ("CROSSHOOK_ADDRESS_LISTENERS_MAX", "0", "an integer from 1 to 10000"),
        ("CROSSHOOK_TRUST_TRACEPARENT", "yes", "true or false"),
        ("CROSSHOOK_LOG_FORMAT", "xml", "one of auto, json, console"),
        ("CROSSHOOK_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("CROSSHOOK_CLOCK_OFFSET_MILLISECONDS", "1.5", "an integer from -3155760000000 to 3155760000000"),
        ("CROSSHOOK_APPEND_SECONDS", "0", "a number from 0.1 to 120"),
        ("CROSSHOOK_FRAMES", "yes", "one of auto, always, never"),
        ("CROSSHOOK_PATCHED_SERVERS", "redis 7", "servers such as redis 7.0.15, nats 2.12.3"),
        ("CROSSHOOK_ADDRESS_CONNECTIONS_MAX", "0", "an integer from 1 to 1000000"),
        ("CROSSHOOK_BUFFERED_BYTES_MAX", "65536", "an integer from 4194304 to 1099511627776"),
        ("CROSSHOOK_TRUSTED_PROXIES", "11", "an integer from 0 to 10"),
        ("CROSSHOOK_LAST_USED", "hourly", "one of daily, never"),
        ("CROSSHOOK_REQUESTS_MAX", "0", "an integer from 1 to 1000000"),
        ("CROSSHOOK_TAIL_EVENTS_MAX", "many", "an integer from 1 to 1000000"),
        ("CROSSHOOK_ORGANIZATION_REQUESTS_MAX", "0", "an integer from 1 to 1000000"),
        ("CROSSHOOK_RETRY_KEYS_MAX", "0", "an integer from 1 to 10000000"),
        ("CROSSHOOK_OPERATION_HOURS", "0", "an integer from 1 to 8760"),
        ("CROSSHOOK_BODY_BYTES_MAX", "1", "an integer from 1024 to 262144"),
        ("CROSSHOOK_WEBHOOKS_MAX", "1001", "an integer from 1 to 1000"),
        ("CROSSHOOK_API_KEYS_MAX", "0", "an integer from 1 to 1000"),
        ("CROSSHOOK_CUSTOM_HEADERS_MAX", "-1", "an integer from 0 to 1000"),
        ("CROSSHOOK_CUSTOM_HEADER_BYTES_MAX", "0", "an integer from 1 to 65536"),
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


def test_the_error_about_an_unknown_region_names_the_known_ones(
    place: Variables, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(partial(read_settings, {**place, "CROSSHOOK_REGION": "mars"}), never) == EXIT_BAD_SETTING
    assert "no region 'mars'; there are us-iowa" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["short", "a" * 257, "a" * 31 + "\u00e9", "a b" * 20])
def test_a_bad_admin_key_is_refused_and_not_repeated(
    place: Variables, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(partial(read_settings, {**place, "CROSSHOOK_ADMIN_KEY": text}), never) == EXIT_BAD_SETTING
    error = capsys.readouterr().err
    assert error.startswith("CROSSHOOK_ADMIN_KEY: expected 32 to 256 printable ASCII characters without spaces")
    assert text not in error


def test_settings_do_not_change(place: Variables) -> None:
    settings = read_settings(place)
    change: Callable[[], None] = partial(setattr, settings, "port", 1)
    with pytest.raises(AttributeError):
        change()


def test_a_redis_address_with_a_refused_option_is_one_line_before_anything_starts(
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
