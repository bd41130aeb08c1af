"""The errors of the adapters. Each vendor's error is translated once, with its cause."""

from core.positions import Mark, Region, Sequence


class Unavailable(Exception):
    """A server did not answer, or the connection to it was lost. Trying again may help."""


class Silent(Unavailable):
    """A server did not answer, and answered no other call meanwhile. Calls that wait for their turn fail too."""


class NotTaken(Unavailable):
    """No process takes a request, as if the role lacks the permission. A server that starts takes none for a moment."""


class LogMissing(Exception):
    """There is no log of that name on that server."""


class LogAlarm(Exception):
    """A log is not the one that its reader has read. Trying again does not help; the origin must stop."""

    reason = "log_alarm"

    def __init__(self, origin: Region, text: str) -> None:
        super().__init__(text)
        self.origin = origin


class WentBack(LogAlarm):
    """A log ends before an event that its reader, or the region `holder`, already has."""

    reason = "went_back"

    def __init__(self, origin: Region, *, known: Mark, last_sequence: int, holder: Region | None = None) -> None:
        had = f"that {holder} has a copy of" if holder else "that was read from it"
        super().__init__(origin, f"the log ends at {last_sequence}, before message {known.sequence} {had}")
        self.last_sequence = last_sequence


class Forked(LogAlarm):
    """Another message stands at the place of one that the reader already has."""

    reason = "forked"

    def __init__(self, origin: Region, *, known: Mark, holder: Region | None = None) -> None:
        self.known = known
        had = f"{holder} has a copy of {known.fingerprint}" if holder else f"{known.fingerprint} was read"
        super().__init__(origin, f"another message stands at {known.sequence}, where {had}")


class EpochChanged(LogAlarm):
    """The log was made anew since its reader last read, or since the region `holder` copied it."""

    reason = "epoch_changed"

    def __init__(self, origin: Region, *, known: str, found: str, holder: Region | None = None) -> None:
        had = f"{holder} has a copy of {known}" if holder else f"{known} was read"
        super().__init__(origin, f"the log has epoch {found or 'none'}, and {had}")


class LogLost(LogAlarm):
    """A region has no origin log, but another region has a copy of one."""

    reason = "lost"

    def __init__(self, origin: Region, *, holder: Region, last_sequence: int) -> None:
        super().__init__(
            origin,
            f"{origin} has no log, but {holder} has a copy of it up to {last_sequence}: restore it from there",
        )


class LogVanished(LogAlarm):
    """There is no log where one was read before."""

    reason = LogLost.reason

    def __init__(self, origin: Region, *, known: Mark) -> None:
        super().__init__(origin, f"there is no log, and message {known.sequence} was read from it")


class Incomplete(LogAlarm):
    """A log lacks events that it had: they were deleted, or its server lost them. What it delivers skips them."""

    reason = "incomplete"

    def __init__(self, origin: Region, flaw: str, *, what: str = "the log") -> None:
        super().__init__(origin, f"{what} is incomplete: {flaw}")


class TooLarge(Exception):
    """A log will never take this event. The text has its size limit."""

    reason = "too_large"


class Interrupted(Exception):
    """A reader may have missed an event. Resume at the last known one.

    `missing` is the event that the reader expected but did not get, if known: the log may lack it.
    """

    def __init__(self, text: str, *, missing: Sequence | None = None) -> None:
        super().__init__(text)
        self.missing = missing


class NotCurrent(Exception):
    """The projection is being rebuilt: its reads may be older than earlier ones."""


def in_words(error: Exception) -> str:
    """The error's type and, if it has one, its text."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
