import json
import logging
import secrets
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import structlog

from runtime.logs import LogFormat, LogLevel, configure_logs

pytestmark = pytest.mark.usefixtures("logging_as_before")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    output, error = capsys.readouterr()
    assert output == ""
    return [json.loads(line) for line in error.splitlines()]


def test_a_line_is_one_json_object_on_standard_error_with_the_members_of_every_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(LogFormat.JSON, LogLevel.INFO, process="service", region="us-iowa")
    structlog.get_logger().info("connected", to="NATS of us-iowa", text="two\nlines")
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "connected",
        "level": "info",
        "process": "service",
        "region": "us-iowa",
        "to": "NATS of us-iowa",
        "text": "two\nlines",
    }


def test_a_line_of_any_thread_and_any_logger_has_the_members_of_every_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(LogFormat.JSON, LogLevel.INFO, process="service", region="us-iowa")

    def work() -> None:
        structlog.get_logger().info("ours")
        logging.getLogger("library").warning("a library's")
        raise ValueError("what")

    working = threading.Thread(target=work, name="worker")
    working.start()
    working.join()
    found = lines(capsys)
    assert [line["event"] for line in found] == ["ours", "a library's", "a thread failed"]
    assert {(line["process"], line["region"]) for line in found} == {("service", "us-iowa")}
    assert (found[-1]["level"], found[-1]["thread"]) == ("error", "worker")
    assert found[-1]["exception"][0]["exc_value"] == "what"


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogFormat.JSON, LogLevel.WARNING)
    log = structlog.get_logger()
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert [line["event"] for line in lines(capsys)] == ["c", "d"]


def test_a_librarys_warning_gets_the_same_format_and_its_info_lines_are_dropped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(LogFormat.JSON, LogLevel.INFO, process="service")
    logging.getLogger("library").info("nothing special")
    logging.getLogger("library").warning("beware of %s", "the dog")
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["process"]) == ("beware of the dog", "warning", "service")


def test_a_traceback_stays_in_its_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogFormat.JSON, LogLevel.INFO)
    try:
        int("what")
    except ValueError:
        structlog.get_logger().exception("unexpected")
    (line,) = lines(capsys)
    assert line["exception"][0]["exc_type"] == "ValueError"


class Settings(msgspec.Struct):
    """An object with a password in its `repr`."""

    nats_url: str


@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.CONSOLE])
@pytest.mark.parametrize("logger_of", [structlog.get_logger, logging.getLogger], ids=["ours", "a library's"])
def test_a_traceback_shows_no_values(
    capsys: pytest.CaptureFixture[str],
    log_format: LogFormat,
    logger_of: Callable[[str], Any],
) -> None:
    configure_logs(log_format, LogLevel.INFO)
    secret = secrets.token_hex(8)

    def connect(settings: Settings, headers: dict[str, str]) -> None:
        del settings, headers
        raise ValueError("the port is no number")

    try:
        connect(Settings(f"nats://service:{secret}@localhost"), {"slashid-api-key": secret})
    except ValueError:
        logger_of("somebody").exception("the process failed")
    error = capsys.readouterr().err
    assert "the port is no number" in error
    assert "connect" in error, "where it was"
    assert secret not in error


def test_off_a_terminal_the_format_is_json_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogFormat.AUTO, LogLevel.INFO)
    structlog.get_logger().info("a")
    assert [line["event"] for line in lines(capsys)] == ["a"]


def test_on_a_terminal_a_line_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogFormat.CONSOLE, LogLevel.INFO, region="us-iowa")
    structlog.get_logger().info("connected")
    error = capsys.readouterr().err
    assert "connected" in error
    assert "us-iowa" in error
    assert not error.startswith("{")
