import pytest

from adapters.errors import (
    EpochChanged,
    Forked,
    Incomplete,
    Interrupted,
    LogLost,
    LogMissing,
    LogVanished,
    NotCurrent,
    TooLarge,
    Unavailable,
    WentBack,
)
from core.codec import Undecodable
from core.positions import Epoch, Mark, Region, Sequence
from replicator.retry_policy import DOUBT_SECONDS, RETRY_SECONDS, Halt, Retry, StoppedAt, retry_or_halt

US = Region("us-iowa")
KNOWN = Mark(Epoch("k3v9x2"), Sequence(7), "0123456789abcdef")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Interrupted("in doubt"), Retry(DOUBT_SECONDS, "in_doubt", "in doubt")),
        (Unavailable("no answer"), Retry(RETRY_SECONDS, "unavailable", "Unavailable: no answer")),
        (LogMissing("EVENTS_us-iowa"), Retry(RETRY_SECONDS, "no_log", "LogMissing: EVENTS_us-iowa")),
        (
            WentBack(US, known=KNOWN, last_sequence=5),
            Halt("went_back", "the log ends at 5, before message 7 that was read from it", is_about_the_log=True),
        ),
        (
            Forked(US, known=KNOWN),
            Halt("forked", "another message stands at 7, where 0123456789abcdef was read", is_about_the_log=True),
        ),
        (
            EpochChanged(US, known="old", found=""),
            Halt("epoch_changed", "the log has epoch none, and old was read", is_about_the_log=True),
        ),
        (
            LogLost(US, holder=Region("asia-japan"), last_sequence=5),
            Halt(
                "lost",
                "us-iowa has no log, but asia-japan has a copy of it up to 5: restore it from there",
                is_about_the_log=True,
            ),
        ),
        (
            LogVanished(US, known=KNOWN),
            Halt("lost", "there is no log, and message 7 was read from it", is_about_the_log=True),
        ),
        (
            StoppedAt(Sequence(6), Undecodable("no")),
            Halt("undecodable", "message 7: no", stops_at=Sequence(6)),
        ),
        (
            Incomplete(US, "it begins at message 5"),
            Halt("incomplete", "the log is incomplete: it begins at message 5", is_about_the_log=True),
        ),
        (TooLarge("message 7: too large"), Halt("too_large", "message 7: too large")),
        (Undecodable("message 7: no"), Halt("undecodable", "message 7: no")),
        (ValueError("what"), Halt("unexpected", "ValueError: what")),
        (KeyError("what"), Halt("unexpected", "KeyError: 'what'")),
        (AssertionError(), Halt("unexpected", "AssertionError: ")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_passes_is_tried_again_and_everything_else_stops_the_origin(
    error: Exception, expected: Retry | Halt
) -> None:
    assert retry_or_halt(error) == expected


def test_whatever_is_not_known_to_pass_is_no_reason_to_go_on() -> None:
    class Subclassed(Unavailable):
        """A kind of what passes, which passes too."""

    assert isinstance(retry_or_halt(Subclassed("x")), Retry)
    for error in (NotCurrent(), TimeoutError("x"), OSError("x"), ExceptionGroup("x", [Unavailable("x")])):
        found = retry_or_halt(error)
        assert isinstance(found, Halt)
        assert found.reason == "unexpected"


def test_a_doubt_costs_next_to_nothing_and_nothing_is_tried_in_a_tight_loop() -> None:
    assert 0 < DOUBT_SECONDS < RETRY_SECONDS <= 0.5
