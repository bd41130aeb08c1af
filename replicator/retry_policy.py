"""What to do about a failure, decided purely: try again, or stop this origin loudly."""

from typing import NamedTuple

from adapters.errors import Interrupted, LogAlarm, LogMissing, TooLarge, Unavailable
from core.codec import Undecodable
from core.positions import Sequence

DOUBT_SECONDS = 0.01
RETRY_SECONDS = 0.25
HALT_RECHECK_SECONDS = 5.0
"""How often a halted origin is looked at again: somebody may have put the right log back."""


class StoppedAt(Undecodable):
    """The event after `sequence` is none that this version knows, and everything up to it has been dealt with."""

    def __init__(self, sequence: Sequence, why: Undecodable) -> None:
        super().__init__(f"event {sequence + 1}: {why}")
        self.sequence = sequence


class Retry(NamedTuple):
    """Go on from the last known event after a pause. `reason` is one word for metrics, `why` says it in words."""

    after_seconds: float
    reason: str
    why: str


class Halt(NamedTuple):
    """Stop this origin. `reason` is one word for metrics, `why` says it in words.

    `stops_at` is the last sequence before an event that is the reason by itself, whoever reads it.
    """

    reason: str
    why: str
    is_about_the_log: bool = False
    stops_at: Sequence | None = None


def verdict(error: Exception) -> Retry | Halt:
    """What to do about `error`. Whatever is not known to be passing is a halt: never a silent skip."""
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
