"""Limits the log lines about trouble: one for each change of its reason, and one a minute while it lasts."""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from time import monotonic

REMINDER_SECONDS = 60.0
SAME_TROUBLE_SECONDS = 5.0
"""Trouble that returns within this time after its end is the same trouble, and gets no new line."""

LINES_MAX = 10
"""The most lines about one subject in `REMINDER_SECONDS`, even if many reasons alternate."""

_FIGURES = re.compile(r"\b[0-9a-f]{8,}\b|\d+")
"""Reasons that differ only in these are one reason, such as two with different positions or fingerprints."""


@dataclass
class _Subject:
    logged_at: dict[str, float] = field(default_factory=dict)
    ended_at: float | None = None
    is_logged: bool = False


class Reminders:
    """The lines that were logged about each subject, and their times."""

    def __init__(self, now_seconds: Callable[[], float] = monotonic) -> None:
        self._now_seconds = now_seconds
        self._subjects: dict[Hashable, _Subject] = {}

    def is_due(self, subject: Hashable, reason: str) -> bool:
        """Whether to log that `subject` is in trouble for `reason`. True counts as logged."""
        now = self._now_seconds()
        about = self._subjects.setdefault(subject, _Subject())
        if about.ended_at is not None and now >= about.ended_at + SAME_TROUBLE_SECONDS:
            about.logged_at.clear()
        about.ended_at = None
        about.logged_at = {kind: at for kind, at in about.logged_at.items() if now < at + REMINDER_SECONDS}
        kind = _FIGURES.sub("#", reason)
        if kind in about.logged_at or len(about.logged_at) >= LINES_MAX:
            return False
        about.logged_at[kind] = now
        about.is_logged = True
        return True

    def is_end_due(self, subject: Hashable) -> bool:
        """Whether to log that the trouble of `subject` has ended: only if its beginning was logged."""
        about = self._subjects.get(subject)
        if about is None:
            return False
        if about.ended_at is None:
            about.ended_at = self._now_seconds()
        was_logged, about.is_logged = about.is_logged, False
        return was_logged
