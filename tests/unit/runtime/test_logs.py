import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from runtime.logs import LogFormat, LogLevel, configure_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is everybody's: put it back."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.setLevel(level)
    root.handlers[:] = handlers


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    output, error = capsys.readouterr()
    assert output == ""
    return [json.loads(line) for line in error.splitlines()]


def test_a_line_is_one_json_object_on_standard_error_with_what_is_always_said(
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


def test_less_important_lines_than_asked_for_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogFormat.JSON, LogLevel.WARNING)
    log = structlog.get_logger()
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert [line["event"] for line in lines(capsys)] == ["c", "d"]


def test_a_librarys_warning_comes_the_same_way_and_its_chatter_not_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogFormat.JSON, LogLevel.INFO, process="service")
    logging.getLogger("library").info("chatter")
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


def test_off_a_terminal_the_format_is_json_unless_asked_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogFormat.AUTO, LogLevel.INFO)
    structlog.get_logger().info("a")
    assert [line["event"] for line in lines(capsys)] == ["a"]


def test_for_people_a_line_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogFormat.CONSOLE, LogLevel.INFO, region="us-iowa")
    structlog.get_logger().info("connected")
    error = capsys.readouterr().err
    assert "connected" in error
    assert "us-iowa" in error
    assert not error.startswith("{")
