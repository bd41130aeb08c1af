import asyncio
import json
from datetime import UTC, datetime

import msgspec
import pytest

from runtime.lines import line_writer
from runtime.logs import LogFormat, LogLevel, configure_logs

pytestmark = pytest.mark.usefixtures("logging_as_before")


class Line(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="happened"):
    level: str
    number: int
    timestamp: datetime = datetime.fromtimestamp(0, UTC)
    text: str = ""


async def test_lines_are_json_in_order_with_the_members_of_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    write = line_writer(LogFormat.JSON, LogLevel.INFO, process="service", region="us-iowa")
    assert write is not None
    for turn in range(2):
        for number in range(3):
            write(Line(level="info", number=10 * turn + number, text="two\nlines" * turn))
        await asyncio.sleep(0)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    always = {"event": "happened", "level": "info", "process": "service", "region": "us-iowa"}
    assert lines == [
        *({**always, "number": number} for number in (0, 1, 2)),
        *({**always, "number": number, "text": "two\nlines"} for number in (10, 11, 12)),
    ]


async def test_on_a_terminal_a_line_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(LogFormat.CONSOLE, LogLevel.INFO, region="us-iowa")
    write = line_writer(LogFormat.CONSOLE, LogLevel.INFO, region="us-iowa")
    assert write is not None
    write(Line(level="info", number=42))
    (line,) = capsys.readouterr().err.splitlines()
    assert "happened" in line
    assert "42" in line
    assert line.count("us-iowa") == line.count("info") == 1


@pytest.mark.parametrize("level", [LogLevel.WARNING, LogLevel.ERROR])
def test_without_lines_of_level_info_there_is_no_writer(level: LogLevel) -> None:
    assert line_writer(LogFormat.JSON, level) is None
