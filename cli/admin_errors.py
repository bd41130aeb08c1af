"""What can come of asking for API keys. Each error's text is one line that says what to do."""

from collections.abc import Sequence


class AdminError(Exception):
    """What was asked for was not done, or not as far as it was asked for."""


class Unreachable(AdminError):
    """Nothing was sent."""

    def __init__(self, *, url: str, why: str) -> None:
        super().__init__(f"no connection to {url}: {why}; nothing was done, see whether a service listens there")


class Unanswered(AdminError):
    """It was sent, and may have been done."""

    def __init__(self, *, url: str, why: str) -> None:
        super().__init__(f"{url} did not answer: {why}")


class NotCrosshook(AdminError):
    """Something else than a service of ours has answered."""

    def __init__(self, *, url: str, status: int) -> None:
        super().__init__(f"{url} answered {status} and not as crosshook does; name the address of a region's service")


class NoAdminRoutes(AdminError):
    """The service has no admin key, so there is nobody who could ask it for API keys."""

    def __init__(self, *, url: str) -> None:
        super().__init__(
            f"the service at {url} has no admin routes; start it with CROSSHOOK_ADMIN_KEY, "
            "or name one that was started so"
        )


class AdminKeyRefused(AdminError):
    """The service has another admin key."""

    def __init__(self, *, url: str) -> None:
        super().__init__(
            f"the service at {url} was started with another admin key; set CROSSHOOK_ADMIN_KEY to that one"
        )


class UnknownApiKey(AdminError):
    """The organization never had such a key, as far as the region that was asked knows."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"{message}; it was never issued to this organization, or the region that was asked has not applied that "
            "yet: `crosshook keys list` shows its keys"
        )


class Invalid(AdminError):
    """The service says what it expected instead."""


class Refused(AdminError):
    """The service says why not."""

    def __init__(self, *, url: str, status: int, message: str) -> None:
        super().__init__(f"{url} answered {status}: {message}")


class NotReached(AdminError):
    """The time was over first. `is_committed` says whether it is known to be in the log; `pending` are missing."""

    def __init__(self, message: str, *, is_committed: bool, pending: Sequence[str]) -> None:
        self.is_committed = is_committed
        self.pending = tuple(pending)
        super().__init__(message)
