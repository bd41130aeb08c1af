import pytest

from runtime.reminders import LINES_MAX, REMINDER_SECONDS, SAME_TROUBLE_SECONDS, Reminders


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reminders(clock: Clock) -> Reminders:
    return Reminders(clock)


def test_trouble_that_lasts_is_logged_at_its_beginning_and_once_a_minute(clock: Clock, reminders: Reminders) -> None:
    told = 0
    for _ in range(1_000):
        told += reminders.is_due("ship", "no answer")
        clock.now += 0.125
    assert told == 3
    assert 2 * REMINDER_SECONDS < 1_000 * 0.125 < 3 * REMINDER_SECONDS


def test_another_reason_gets_a_line_and_another_figure_does_not(reminders: Reminders) -> None:
    reasons = [
        "message 5 came after 3",
        "message 6 came after 3",
        "another message stands at 7, where 0123456789abcdef was read",
    ]
    assert [reminders.is_due("ship", reason) for reason in reasons] == [True, False, True]
    assert not reminders.is_due("ship", "another message stands at 8, where fedcba9876543210 was read")
    assert reminders.is_due("apply", reasons[0]), "another step is a subject of its own"


def test_reasons_that_alternate_are_logged_once_each(reminders: Reminders) -> None:
    assert [reminders.is_due("ship", reason) for reason in "abab"] == [True, True, False, False]


def test_an_end_is_logged_if_its_beginning_was(reminders: Reminders) -> None:
    assert not reminders.is_end_due("ship")
    reminders.is_due("ship", "no answer")
    assert [reminders.is_end_due("ship") for _ in range(2)] == [True, False]


def test_trouble_that_comes_and_goes_is_not_logged_each_time(clock: Clock, reminders: Reminders) -> None:
    lines = 0
    for _ in range(200):
        lines += reminders.is_due("ship", "no answer") + reminders.is_end_due("ship")
        clock.now += 0.25
    assert lines == 2


def test_trouble_that_returns_after_a_while_is_logged_again(clock: Clock, reminders: Reminders) -> None:
    reminders.is_due("ship", "no answer")
    reminders.is_end_due("ship")
    clock.now += SAME_TROUBLE_SECONDS
    reminders.is_end_due("ship")
    assert reminders.is_due("ship", "no answer")


def test_many_reasons_make_few_lines(clock: Clock, reminders: Reminders) -> None:
    words = [f"reason {chr(97 + first)}{chr(97 + second)}" for first in range(26) for second in range(26)]
    assert sum(reminders.is_due("ship", word) for word in words) == LINES_MAX
    clock.now += REMINDER_SECONDS
    assert reminders.is_due("ship", words[0])
