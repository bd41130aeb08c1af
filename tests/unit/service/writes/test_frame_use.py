"""When a service writes frames, in which size, and how it reports that."""

from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from core.positions import BEGINNING, Epoch, Mark, Sequence
from service.writes.batch import FRAME, MESSAGES
from service.writes.frame_use import Frames, FrameUse

MIB = 2**20
MESSAGES_ONLY = Mark(Epoch("k3v9x2"), Sequence(7), "f", events=7)
WITH_A_FRAME = Mark(Epoch("k3v9x2"), Sequence(7), "f", events=8)


def session(bytes_max: int = MIB) -> Any:  # noqa: ANN401 - as much of a session as is asked
    return SimpleNamespace(bytes_max=bytes_max)


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[Any]]:
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def shown() -> float | None:
    return REGISTRY.get_sample_value("crosshook_writes_frames")


def test_no_frame_is_written_before_every_region_has_announced_that_it_reads_them() -> None:
    frame_use = FrameUse(Frames.AUTO)
    assert frame_use.form(BEGINNING, session()) == MESSAGES, "nothing was announced yet"
    for silent, form in (("asia-japan", MESSAGES), ("", FRAME), ("asia-japan", MESSAGES)):
        frame_use.why_not_read = partial(str, silent)
        assert frame_use.form(MESSAGES_ONLY, session()) == form
        assert shown() == (1 if form is FRAME else 0)


def test_a_log_that_has_frames_gets_more_of_them_whatever_is_announced() -> None:
    frame_use = FrameUse(Frames.AUTO)
    frame_use.why_not_read = lambda: "asia-japan"
    assert frame_use.form(WITH_A_FRAME, session()) == FRAME
    assert frame_use.form(Mark(Epoch("e"), Sequence(7), "f"), session()) == MESSAGES, "a mark without a count"


@pytest.mark.parametrize("end", [BEGINNING, MESSAGES_ONLY, WITH_A_FRAME])
def test_an_operator_decides_for_every_log(end: Mark) -> None:
    assert FrameUse(Frames.ALWAYS).form(end, session()) == FRAME
    assert FrameUse(Frames.NEVER).form(end, session()) == MESSAGES


@pytest.mark.parametrize(
    ("bytes_max", "expected"),
    [(8 * MIB, FRAME.bytes_max), (MIB, FRAME.bytes_max), (MIB - 2, MIB // 2 - 1), (64 * 1024, 32 * 1024), (1, 0)],
)
def test_a_frame_ends_at_half_of_what_the_server_takes(bytes_max: int, expected: int) -> None:
    form = FrameUse(Frames.ALWAYS).form(BEGINNING, session(bytes_max))
    assert (form.is_frame, form.events_max, form.bytes_max) == (True, FRAME.events_max, expected)


def test_each_change_is_one_line_with_its_reason(lines: list[Any]) -> None:
    frame_use = FrameUse(Frames.AUTO)
    for silent in ("a", "a", "b", "", "", "a"):
        frame_use.why_not_read = partial(str, silent)
        frame_use.form(MESSAGES_ONLY, session())
    told = [(line["event"], line["written"], line.get("why")) for line in lines]
    assert told == [("frames", False, "a"), ("frames", False, "b"), ("frames", True, None), ("frames", False, "a")]
