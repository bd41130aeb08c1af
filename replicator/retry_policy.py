"""Decide after a failure whether to retry or to halt this origin. Pure."""

from typing import NamedTuple

from adapters.errors import Interrupted, LogAlarm, LogMissing, TooLarge, Unavailable
from core.codec import Undecodable
from core.positions import Sequence

DOUBT_SECONDS = 0.01
RETRY_SECONDS = 0.25
HALT_RECHECK_SECONDS = 5.0
"""The time between two looks at a halted origin: an operator may have put the right log back."""


class StoppedAt(Undecodable):
    """This version does not know the event after `sequence`. Everything up to `sequence` is done."""

    def __init__(self, sequence: Sequence, why: Undecodable) -> None:
        super().__init__(f"message {sequence + 1}: {why}")
        self.sequence = sequence


class Retry(NamedTuple):
    """Continue from the last known event after a pause. `reason` is one word for metrics, `why` is a sentence."""

    after_seconds: float
    reason: str
    why: str


class Halt(NamedTuple):
    """Stop this origin. `reason` is one word for metrics, `why` is a sentence.

    If an event itself is the reason, `stops_at` is the last sequence before it. Every reader would stop there.
    """

    reason: str
    why: str
    is_about_the_log: bool = False
    stops_at: Sequence | None = None


def retry_or_halt(error: Exception) -> Retry | Halt:
    """The reaction to `error`. An unknown error halts the origin: no event is skipped silently."""
    match error:
        case Interrupted():
            return Retry(after_seconds=DOUBT_SECONDS, reason="in_doubt", why=str(error))
        case Unavailable() | LogMissing():
            reason = "no_log" if isinstance(error, LogMissing) else "unavailable"
            return Retry(after_seconds=RETRY_SECONDS, reason=reason, why=f"{type(error).__name__}: {error}")
        case LogAlarm():
            return Halt(reason=error.reason, why=str(error), is_about_the_log=True)
        case StoppedAt():
            return Halt(reason=error.reason, why=str(error), stops_at=error.sequence)
        case Undecodable() | TooLarge():
            return Halt(reason=error.reason, why=str(error))
        case _:
            return Halt(reason="unexpected", why=f"{type(error).__name__}: {error}")
