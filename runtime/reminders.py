"""Which lines about trouble are due: one for each change of its reason, and one a minute while it lasts."""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from time import monotonic

REMINDER_SECONDS = 60.0
SAME_TROUBLE_SECONDS = 5.0
"""Trouble that returns within this time after its end is the same trouble: it is not told again as news."""

LINES_MAX = 10
"""At most so many lines about one subject in `REMINDER_SECONDS`, however many reasons alternate."""

_FIGURES = re.compile(r"\b[0-9a-f]{8,}\b|\d+")
"""Reasons that differ in these only are one reason: a position moves, a fingerprint differs at each place."""


@dataclass
class _Subject:
    told_at: dict[str, float] = field(default_factory=dict)
    ended_at: float | None = None
    is_told: bool = False


class Reminders:
    """What was told about each subject, and when."""

    def __init__(self, now_seconds: Callable[[], float] = monotonic) -> None:
        self._now_seconds = now_seconds
        self._subjects: dict[Hashable, _Subject] = {}

    def is_due(self, subject: Hashable, reason: str) -> bool:
        """Whether a line is due now that `subject` is in trouble for `reason`. If so, it counts as told."""
        now = self._now_seconds()
        about = self._subjects.setdefault(subject, _Subject())
        if about.ended_at is not None and now >= about.ended_at + SAME_TROUBLE_SECONDS:
            about.told_at.clear()
        about.ended_at = None
        about.told_at = {told: at for told, at in about.told_at.items() if now < at + REMINDER_SECONDS}
        kind = _FIGURES.sub("#", reason)
        if kind in about.told_at or len(about.told_at) >= LINES_MAX:
            return False
        about.told_at[kind] = now
        about.is_told = True
        return True

    def is_end_due(self, subject: Hashable) -> bool:
        """Whether a line is due now that the trouble of `subject` has ended: it is if its beginning was told."""
        about = self._subjects.get(subject)
        if about is None:
            return False
        if about.ended_at is None:
            about.ended_at = self._now_seconds()
        was_told, about.is_told = about.is_told, False
        return was_told
