"""A start shows how many processes are ready, and names the others only when it takes long."""

import pytest

from cli.progress import DETAILS_AFTER_SECONDS, Progress


class Clock:
    """A clock that a test moves, in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    """Twelve processes, of which four are ready."""
    progress = Progress(clock)
    for number in range(12):
        progress.report(f"process-{number}", "it has just started")
    for number in range(4):
        progress.report(f"process-{number}", "")
    return progress


def test_before_the_first_report_nothing_is_counted(clock: Clock) -> None:
    assert Progress(clock).text == "starting"


def test_the_line_counts_the_ready_processes(progress: Progress) -> None:
    assert progress.text == "starting: 4 of 12 ready"


def test_a_process_that_is_no_longer_ready_is_not_counted(progress: Progress) -> None:
    progress.report("process-0", "the log")
    assert progress.text == "starting: 3 of 12 ready"


def test_a_long_start_names_the_first_processes_and_what_they_wait_for(progress: Progress, clock: Clock) -> None:
    clock.seconds = DETAILS_AFTER_SECONDS
    progress.report("process-4", "the tide")
    started = "process-5 (it has just started), process-6 (it has just started)"
    assert progress.text == f"starting: 4 of 12 ready; waiting for process-4 (the tide), {started} and 5 more"


def test_a_long_start_that_is_done_names_no_process(progress: Progress, clock: Clock) -> None:
    clock.seconds = DETAILS_AFTER_SECONDS
    for number in range(12):
        progress.report(f"process-{number}", "")
    assert progress.text == "starting: 12 of 12 ready"
