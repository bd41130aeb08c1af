"""The log lines of a writer whose log does not take events."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from structlog.testing import capture_logs

from adapters.event_log import Append
from service.writes import batch_placement
from service.writes.log_writer import LogWriter


async def test_an_append_that_is_refused_now_and_then_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_placement, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(batch_placement, "RETRY_SECONDS_MAX", 0.0)
    state = SimpleNamespace(alarm="", waiting_for="", group_commit=SimpleNamespace(is_waited_for=True))
    anything = cast("Any", None)
    writer = LogWriter(
        cast("Any", state),
        event_log=anything,
        acknowledgements=anything,
        frame_use=anything,
        now_milliseconds=lambda: 0,
    )
    placement = writer._placement  # noqa: SLF001 - to place events takes a log
    structlog.reset_defaults()
    with capture_logs() as lines:
        for _ in range(5):
            await placement._pause(Append.REFUSED, "no space (10047)")  # noqa: SLF001 - as above
            assert writer.why_not == "the log to take events: no space (10047)"
            placement._recovered()  # noqa: SLF001 - as above
            assert writer.why_not == ""
    assert [(line["event"], line["outcome"]) for line in lines] == [("append", "REFUSED"), ("append", "taken again")]
